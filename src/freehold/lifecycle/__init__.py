"""What becomes of a tenant as a whole: taken out, brought in, set back, moved, erased. For operators."""
