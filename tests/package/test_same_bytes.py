"""Two packages of one commit and one program are equal byte by byte. (Two builds of the program: tools/package in two clones.)"""

from conftest import pack


def test_two_packages_are_equal(deb, tmp_path):
    """In other directories, on another file system, with another time zone, language and umask."""
    env = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8", "WASM_SERVER_WORKERS": "7", "TMPDIR": "/dev/shm"}
    again = pack(tmp_path, env=env, umask=0o077)
    assert again.name == deb.name
    assert again.read_bytes() == deb.read_bytes()
    assert again.with_suffix(".cdx.json").read_bytes() == deb.with_suffix(".cdx.json").read_bytes()
