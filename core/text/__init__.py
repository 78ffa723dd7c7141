"""Text processing: normalisation (`unicode`), rendering (`render`), link detection (`links`), comparison (`diff`).

Pure functions of the text. Nothing is imported here, because importing the Markdown parser takes a tenth of a second.
"""
