"""``parkguard explain``: why the detector told what it told, in words and as one picture."""
