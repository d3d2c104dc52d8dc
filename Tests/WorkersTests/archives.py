"""Makes the archives of IngestArchiveTests in the folder that is given: good ones, and one for each way to be bad."""

import bz2
import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import zipfile

os.chdir(sys.argv[1])
MIB = 1 << 20


def save(name, data):
    with open(name, "wb") as file:
        file.write(data)


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name) if method == zipfile.ZIP_STORED else name, content)
    return buffer.getvalue()


def tarred(entries, mode="w"):
    """Entries are (name, content), or (name, type, target) for what is no file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content, *target in entries:
            info = tarfile.TarInfo(name)
            if target:
                info.type, info.linkname = content, target[0]
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


good = [("folder/a.txt", b"hello" * 100), ("b.txt", b"x" * 10)]
plain = zipped(good)
zeros = b"\0" * (40 * MIB)

# Good ones.
save("good.zip", plain)
save("stored.zip", zipped(good, zipfile.ZIP_STORED))
save("good.tar", tarred(good))
save("good.tar.gz", tarred(good, "w:gz"))
save("good.tar.bz2", tarred(good, "w:bz2"))
save("good.tar.xz", tarred(good, "w:xz"))
save("good.gz", gzip.compress(b"hello" * 1000))
save("empty.zip", zipped([]))
save("links.tar", tarred([("a/b", b"1"), ("a/c", tarfile.SYMTYPE, "b"), ("d", tarfile.SYMTYPE, "a/../a/b"),
                          ("e", tarfile.LNKTYPE, "a/b"), ("loop", tarfile.SYMTYPE, "loop")]))
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive:
    with archive.open("wide", "w", force_zip64=True) as file:
        file.write(b"x" * 1000)
save("zip64.zip", buffer.getvalue())
save("nested.zip", zipped([("in.tar.gz", tarred(good, "w:gz")), ("in.zip", plain), ("note.txt", b"x")]))
# A test file of a program's own source may well be a broken archive.
save("nested-broken.zip", zipped([("broken.zip", plain[:60]), ("broken.gz", gzip.compress(b"x" * 9999)[:20])]))
save("alike.zip", zipped([("a", b"1"), ("A", b"2"), ("cafe\u0301", b"3"), ("caf\u00e9", b"4")]))
save("latin.zip", zipped([("caf#", b"x")]).replace(b"caf#", b"caf\xe9"))
save("selfextracting.zip", b"junk" * 100 + plain)

# Out of the folder.
save("parent.zip", zipped([("a/../../evil", b"x")]))
save("parent.tar.gz", tarred([("../evil", b"x")], "w:gz"))
save("absolute.tar", tarred([("/etc/evil", b"x")]))
save("drive.zip", zipped([("C:/evil", b"x")]))
save("backslash.zip", zipped([("..\\evil", b"x")]))
save("nested-parent.zip", zipped([("in.zip", zipped([("../evil", b"x")]))]))
save("symbolic.tar", tarred([("link", tarfile.SYMTYPE, "../..")]))
save("symbolic-absolute.tar", tarred([("link", tarfile.SYMTYPE, "/etc")]))
save("symbolic-chain.tar", tarred([("x/y", tarfile.SYMTYPE, ".."), ("x/z", tarfile.SYMTYPE, "y/..")]))
save("symbolic-through.tar", tarred([("name", tarfile.SYMTYPE, "other"), ("name", b"x")]))
save("hard.tar", tarred([("link", tarfile.LNKTYPE, "../../etc/passwd")]))
link = zipfile.ZipInfo("link")
link.create_system, link.external_attr = 3, 0o120777 << 16
save("symbolic.zip", zipped([(link, b"../../etc/passwd")]))
save("device.tar", tarred([("sda", tarfile.BLKTYPE, "")]))
save("pipe.tar", tarred([("pipe", tarfile.FIFOTYPE, "")]))

# Names.
save("nul.zip", zipped([("a#b", b"x")]).replace(b"a#b", b"a\0b"))
save("control.zip", zipped([("a\nb", b"x")]))
save("long-name.zip", zipped([("a" * 300, b"x")]))
save("long-path.tar", tarred([("a/" * 600 + "b", b"x")]))

# Too much.
save("bomb.zip", zipped([("zeros", zeros)]))
save("bomb.gz", gzip.compress(zeros))
save("bomb.tar.gz", tarred([("zeros", zeros)], "w:gz"))
save("bomb.bz2", bz2.compress(zeros))
save("bomb.xz", lzma.compress(zeros))
save("bomb-behind.tar.gz", gzip.compress(tarred(good) + zeros))
save("bomb-nested.zip", zipped([(f"{i}.zip", zipped([("zeros", b"\0" * (8 * MIB))])) for i in range(5)]))
deep = plain
for level in range(5):
    deep = zipped([(f"{level}.zip", deep)])
save("deep.zip", deep)
layers = b"x" * 100
for level in range(6):
    layers = gzip.compress(layers)
save("deep.gz", layers)
save("many.zip", zipped([(str(i), b"") for i in range(3000)]))
save("many.tar.gz", tarred([(str(i), b"") for i in range(3000)], "w:gz"))
with open("hole", "wb") as file:
    file.truncate(20 << 30)
subprocess.run(["tar", "-cSzf", "sparse.tar.gz", "hole"], check=True)
os.unlink("hole")

# Lies.
one = zipped([("zeros", b"\0" * MIB)])
start, end = one.index(b"PK\1\2"), one.index(b"PK\5\6")
tail = bytearray(one[end:])
tail[8:12] = struct.pack("<HH", 50, 50)
tail[12:16] = struct.pack("<I", (end - start) * 50)
save("overlapping.zip", one[:start] + one[start:end] * 50 + bytes(tail))
save("other-name.zip", plain.replace(b"b.txt", b"c.txt", 1))
small = bytearray(one)
for place in (one.index(b"PK\3\4") + 22, start + 24):
    small[place:place + 4] = struct.pack("<I", 10)
save("small-size.zip", bytes(small))
save("count.zip", plain[:-14] + struct.pack("<HH", 7, 7) + plain[-10:])

# Damage.
save("cut.zip", plain[:-10])
save("behind.zip", plain + b"garbage")
save("cut.tar", tarred([("a", b"x" * 5000)])[:2000])
save("cut.tar.gz", tarred(good, "w:gz")[:60])
save("cut.tar.xz", tarred(good, "w:xz")[:-20])
save("cut.tar.bz2", tarred(good, "w:bz2")[:-10])
save("flipped.zip", plain[:50] + b"\xff\xff\xff" + plain[53:])
