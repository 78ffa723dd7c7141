"""What people look at: pure folds from events to views, and the one store that commits them with the cursor."""
