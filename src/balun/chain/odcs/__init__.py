"""Open Data Contract Standard files, v3.0 to v3.2, become contracts, and back."""

from balun.chain.odcs.reading import read_contracts
from balun.chain.odcs.write import write_contracts

__all__ = ["read_contracts", "write_contracts"]
