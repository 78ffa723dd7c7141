"""Listings: views across the threads of a site, one module per listing. Pure: nothing here reads or writes."""
