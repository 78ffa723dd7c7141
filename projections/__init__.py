"""Read models: pure folds from events to views, and the one store that commits views together with the cursor."""
