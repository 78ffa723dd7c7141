"""Reads of the views: pages, lists, rows and feeds, as a viewer may see them."""
