"""Sequential movement detection about a learnt anchor (struct of arrays)."""
