import pathlib
import sys

LIB = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(LIB / "clients" / "python"), str(LIB / "measure")]
