"""Studies behind the figures in the documentation; not needed to use Warta."""
