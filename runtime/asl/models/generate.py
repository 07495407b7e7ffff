"""Makes output_shapes.bin: the output shape of every operation of every AWS service.

TestState holds a mocked result against the API model of the service that would give it. What
that needs of the models is taken from botocore (Apache-2.0), which ships all of them:

    pip install botocore && python3 runtime/asl/models/generate.py

Layout of the file: an index of lines `SERVICE OFFSET LENGTH TEXT_LENGTH` and an empty line;
then, from the offsets on, the services, each deflated alone. SERVICE is the service's id in
the words of `aws-sdk:` resources: lower case, without spaces and hyphens.

The text of a service: a line `ACTION<tab>SHAPE` for each operation, an empty line, then a line
for each shape, in the order of their numbers. Fields are separated by tabs; `-` is "no bound":

    S  NAME!SHAPE | NAME=SHAPE ...   structure; `!` where required. Required members first
    L  SHAPE MIN MAX                 list
    M  SHAPE                         map, by the shape of its values
    s  MIN MAX VALUE ...             string, with the values of its enum if it has one
    b  MIN MAX                       blob: base64 in a string
    z                                timestamp
    n                                number
    t                                boolean
    d                                anything
"""

import gzip
import json
import pathlib
import re
import zlib

import botocore

DATA = pathlib.Path(botocore.__file__).parent / "data"
TARGET = pathlib.Path(__file__).with_name("output_shapes.bin")
KINDS = {
    "integer": "n", "long": "n", "float": "n", "double": "n", "bigdecimal": "n",
    "boolean": "t", "timestamp": "z",
}


def newest(folder):
    """The newest model in a service's folder, if it has one."""
    for path in sorted(folder.glob("*/service-2.json.gz"), reverse=True):
        return json.loads(gzip.decompress(path.read_bytes()))


def cased(name):
    """A member's name as Step Functions has it: DBInstanceARNs is DbInstanceArns."""
    words = re.findall(r"[A-Z]+s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]+", name)
    return "".join(capital(word.lower()) for word in words)


def capital(name):
    return name[:1].upper() + name[1:]


class Service:
    """One service's shapes, numbered as they are met; equal ones share a number."""

    def __init__(self, model):
        self.shapes = model["shapes"]
        self.by_name, self.by_line, self.lines = {}, {}, []
        self.actions = []
        for name, operation in sorted(model["operations"].items()):
            if "output" in operation:
                number = self.number(operation["output"]["shape"])
                self.actions.append(f"{name[0].lower()}{name[1:]}\t{number}")

    def number(self, name):
        if name in self.by_name:
            return self.by_name[name]
        shape = self.shapes[name]
        if shape["type"] in ("structure", "list", "map"):
            # Numbered before its members: shapes may hold themselves.
            number = self.by_name[name] = len(self.lines)
            self.lines.append(None)
            self.lines[number] = self.line(shape)
            return number
        line = self.line(shape)
        if line not in self.by_line:
            self.by_line[line] = len(self.lines)
            self.lines.append(line)
        self.by_name[name] = self.by_line[line]
        return self.by_name[name]

    def member(self, shape, name):
        return self.number(shape["members"][name]["shape"])

    def line(self, shape):
        kind = shape["type"]
        bounds = [str(shape.get(bound, "-")) for bound in ("min", "max")]
        if kind == "structure":
            if shape.get("document") or shape.get("eventstream"):
                return "d"
            required, optional = [], []
            for name in shape.get("required", []):
                if name in shape["members"] and cased(name) == capital(name):
                    required.append(f"{cased(name)}!{self.member(shape, name)}")
            for name in shape["members"]:
                # Optimized integrations keep the acronyms, so both spellings are held.
                for spelling in dict.fromkeys([cased(name), capital(name)]):
                    if f"{spelling}!{self.member(shape, name)}" not in required:
                        optional.append(f"{spelling}={self.member(shape, name)}")
            return "\t".join(["S"] + required + optional)
        if kind == "list":
            return "\t".join(["L", str(self.number(shape["member"]["shape"]))] + bounds)
        if kind == "map":
            return f"M\t{self.number(shape['value']['shape'])}"
        if kind == "string":
            return "\t".join(["s"] + bounds + shape.get("enum", []))
        if kind == "blob":
            return "\t".join(["b"] + bounds)
        return KINDS.get(kind, "d")

    def text(self):
        return "\n".join(self.actions + [""] + self.lines) + "\n"


def main():
    index, packed, offset = [], [], 0
    for folder in sorted(DATA.iterdir()):
        model = folder.is_dir() and newest(folder)
        if not model:
            continue
        service = re.sub(r"[^a-z0-9]", "", model["metadata"]["serviceId"].lower())
        text = Service(model).text().encode()
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = deflate.compress(text) + deflate.flush()
        index.append(f"{service} {offset} {len(data)} {len(text)}")
        packed.append(data)
        offset += len(data)
    TARGET.write_bytes("\n".join(sorted(index) + ["", ""]).encode() + b"".join(packed))
    print(f"{len(index)} services, botocore {botocore.__version__}, {TARGET.stat().st_size} bytes")


main()
