"""Events as they are stored: their types, the envelope around them, and upcasting."""
