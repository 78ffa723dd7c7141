"""What people write: brought into one form (`unicode`), shown (`markup`), searched for `links`, compared (`diff`).

Pure functions of the text. Nothing is imported here, because the parser behind `markup` takes a tenth of a second.
"""
