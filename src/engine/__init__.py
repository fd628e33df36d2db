"""The engine: brings what changed upstream through raw, bronze, silver and gold, and writes only differences."""

# Part of every cursor: raise it when an algorithm changes what it writes, and every table is recomputed once.
ENGINE_VERSION = "1"
