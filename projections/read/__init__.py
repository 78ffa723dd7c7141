"""Reads of the views: pages, lists, rows and feeds, filtered for a viewer."""
