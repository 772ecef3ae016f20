"""How the embedded model's adapter is trained, a script a stage. Not part of the wheel."""
