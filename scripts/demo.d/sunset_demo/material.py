"""Real files, fetched by the name of the package they come in, and one generated file."""

import glob
import gzip
import hashlib
import os
import random
import shutil
import subprocess
import sys
import zipfile

from .errors import DemoError, check

DEBIAN_PACKAGES = ("debian-policy", "sonic-pi-samples", "fonts-ebgaramond")
PICTURES = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")
ATTRIBUTION = """\
Fetched by scripts/demo for demonstration; nothing of it is part of Sunset.
debian-policy     Debian Policy Manual (EPUB, PDF)   GPL-2+, the Debian Policy Editors
sonic-pi-samples  two FLAC samples of Sonic Pi       CC0-1.0 for most, see the package's copyright file
fonts-ebgaramond  EB Garamond 12 Regular (OTF)       OFL-1.1, Georg Duffner and Octavio Pardo
scikit-image      four pictures of skimage.data      public domain and CC0, see skimage/data/README.txt
"""


class Material:
    """One file to sell, and what is known of it."""

    def __init__(self, path, title, word, category, content_type, kinds):
        self.path, self.title, self.word = path, title, word
        self.category, self.content_type, self.kinds = category, content_type, kinds
        self.name, self.size = os.path.basename(path), os.path.getsize(path)
        self.sha256 = sha256_of(path)
        self.upload, self.product = None, None


def sha256_of(path):
    """Hashes a file as a stream."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def run(command, folder):
    """Runs a command quietly; its output is the error if it fails."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise DemoError(f"{' '.join(command[:3])} …: {done.stdout.strip()[-500:]}")


def only(pattern):
    """Returns the newest file that matches."""
    found = sorted(glob.glob(pattern), key=os.path.getmtime)
    check(found, f"nothing matches {pattern}")
    return found[-1]


def fetch_debian(cache):
    """Downloads the Debian packages and unpacks them below the cache; installs nothing."""
    root = os.path.join(cache, "debian")
    if all(os.path.exists(os.path.join(root, name, ".unpacked")) for name in DEBIAN_PACKAGES):
        return root
    os.makedirs(root, exist_ok=True)
    command = ["apt-get", "download", "-q", *DEBIAN_PACKAGES]
    try:
        run(command, root)
    except DemoError:  # No package lists yet, or lists that name versions which are gone.
        run([*([] if os.geteuid() == 0 else ["sudo"]), "apt-get", "update", "-qq"], root)
        run(command, root)
    for name in DEBIAN_PACKAGES:
        folder = os.path.join(root, name)
        run(["dpkg-deb", "-x", only(os.path.join(root, f"{name}_*.deb")), folder], root)
        open(os.path.join(folder, ".unpacked"), "w").close()
    return root


def pip_command(cache):
    """Returns a command that runs pip; a Python without it gets a virtual environment."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return [sys.executable, "-m", "pip"]
    environment = os.path.join(cache, "venv")
    if not os.path.exists(os.path.join(environment, "bin", "pip")):
        run([sys.executable, "-m", "venv", environment], cache)
    return [os.path.join(environment, "bin", "python"), "-m", "pip"]


def fetch_pictures(cache):
    """Takes the pictures out of the wheel of scikit-image, which is not installed."""
    root = os.path.join(cache, "scikit-image")
    if not all(os.path.exists(os.path.join(root, name)) for name in PICTURES):
        os.makedirs(root, exist_ok=True)
        run([*pip_command(cache), "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", root, "scikit-image"], root)
        with zipfile.ZipFile(only(os.path.join(root, "*.whl"))) as wheel:
            for name in PICTURES:
                with wheel.open(f"skimage/data/{name}") as source, open(os.path.join(root, name), "wb") as target:
                    shutil.copyfileobj(source, target)
    return root


def plain(path, target):
    """Returns the path of the file without its gzip, if Debian compressed it."""
    if os.path.exists(path):
        return path
    if not os.path.exists(target):
        with gzip.open(path + ".gz") as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
    return target


def make_zip(path, members):
    """Packs files into a new ZIP."""
    with zipfile.ZipFile(path + ".new", "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.write(member, os.path.basename(member))
    os.replace(path + ".new", path)
    return path


def make_generated(path, mebibytes):
    """Writes a file of random blocks; its head keeps it from looking like any known format by chance."""
    generator = random.Random()
    block = generator.randbytes(1 << 20)
    with open(path + ".new", "wb") as file:
        file.write(b"SUNSET DEMO DATASET 1\0\0\0\xff\xfe\0")
        for number in range(mebibytes):
            # Each block differs in its head alone: unlike any other, and quick to make.
            file.write(number.to_bytes(8, "big") + generator.randbytes(56) + block[64:])
    os.replace(path + ".new", path)
    return path


def collect(cache, generated_mebibytes):
    """Fetches and makes everything; the generated file comes last."""
    os.makedirs(cache, exist_ok=True)
    with open(os.path.join(cache, "ATTRIBUTION"), "w") as file:
        file.write(ATTRIBUTION)
    debian, pictures = fetch_debian(cache), fetch_pictures(cache)
    policy = os.path.join(debian, "debian-policy/usr/share/doc/debian-policy")
    samples = os.path.join(debian, "sonic-pi-samples/usr/share/sonic-pi/samples")
    font = os.path.join(debian, "fonts-ebgaramond/usr/share/fonts/opentype/ebgaramond/EBGaramond12-Regular.otf")
    paths = {name: os.path.join(pictures, name) for name in PICTURES}
    archive = make_zip(os.path.join(cache, "picture-pack.zip"), list(paths.values()))
    big = make_generated(os.path.join(cache, "generated-dataset.bin"), generated_mebibytes)
    return [
        Material(plain(f"{policy}/policy.epub", f"{cache}/policy.epub"), "Debian Policy Manual (e-book)", "policy",
                 "ebooks", "application/epub+zip", {"ebook"}),
        Material(plain(f"{policy}/policy.pdf", f"{cache}/policy.pdf"), "Debian Policy Manual (printable)", "printable",
                 "ebooks", "application/pdf", {"document", "ebook"}),
        Material(f"{samples}/ambi_lunar_land.flac", "Lunar Land, an ambient sample", "lunar", "audio", "audio/flac", {"audio"}),
        Material(f"{samples}/loop_garzul.flac", "Garzul, a drum loop", "garzul", "audio", "audio/flac", {"audio"}),
        Material(font, "EB Garamond, a classical typeface", "garamond", "fonts", "font/otf", {"font"}),
        Material(paths["astronaut.png"], "Astronaut, a portrait", "astronaut", "graphics", "image/png", {"image"}),
        Material(paths["coffee.png"], "Coffee, a still life", "coffee", "graphics", "image/png", {"image"}),
        Material(paths["chelsea.png"], "Chelsea, a cat", "chelsea", "graphics", "image/png", {"image"}),
        Material(paths["rocket.jpg"], "Rocket on its pad", "rocket", "graphics", "image/jpeg", {"image"}),
        Material(archive, "Picture pack of four", "pack", "archives", "application/zip", {"archive"}),
        Material(big, "Measurements, a generated dataset", "measurements", "other", "application/octet-stream",
                 {"other", "software"}),
    ]
