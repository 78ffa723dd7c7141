"""Threads written as HTML and as JSON-LD: pure functions of a page, the words of a language and a time zone."""
