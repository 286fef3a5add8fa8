"""Who PostgreSQL runs as when Tintype itself runs as root, which PostgreSQL refuses to do.

An existing data folder keeps its owner. A new one gets the system user `tintype-db`, made on first
use. That user must be able to walk down to the data folder and to the PostgreSQL programs, which
often lie below a closed folder such as root's home. It gets the right to pass (`x`) through each
closed folder on the way as an entry in that folder's access list, so nobody else gains anything.
"""

import errno
import os
import pwd
import stat
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tintype.db.postmaster import EmbeddedDatabaseError

USER_NAME = "tintype-db"

_ACL = "system.posix_acl_access"
_HEADER = struct.Struct("<I")  # linux/posix_acl_xattr.h: version 2, then the entries.
_ENTRY = struct.Struct("<HHI")  # tag, permissions, id
_VERSION = 2
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_PASS = 0o1


@dataclass(frozen=True)
class Account:
    """The system user that PostgreSQL's processes run as."""

    uid: int
    gid: int
    name: str


def account_for(pgdata: Path) -> Account | None:
    """The user to run the database in `pgdata` as; None: the one this process runs as."""
    if os.geteuid() != 0:
        return None
    if pgdata.exists() and (found := pgdata.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid, _name(found.st_uid))
    try:
        entry = pwd.getpwnam(USER_NAME)
    except KeyError:
        _make_user()
        entry = pwd.getpwnam(USER_NAME)
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def let_pass(account: Account, folder: Path) -> None:
    """Let `account` walk through the folders above `folder`, changing only those closed to it.

    Raises EmbeddedDatabaseError where the file system keeps no access lists.
    """
    for parent in reversed(folder.parents):
        found = parent.stat()
        if found.st_mode & stat.S_IXOTH or found.st_uid == account.uid:
            continue
        try:
            _grant_pass(parent, account.uid, found.st_mode)
        except OSError as error:
            raise EmbeddedDatabaseError(
                f"The database runs as the user '{account.name}', who can't enter {parent}. "
                f"Run `chmod o+x {parent}`, choose another data folder, "
                "or run Tintype as an ordinary user."
            ) from error


def let_read(folder: Path, sample: Path) -> None:
    """Open an installed tree to every user's reading, where the installer's umask closed it.

    `sample` is the file whose mode tells whether that is needed.
    """
    if sample.stat().st_mode & stat.S_IROTH and folder.stat().st_mode & stat.S_IXOTH:
        return
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for path in (Path(parent, name) for name in files):
            path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _make_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER_NAME]
    try:
        made = subprocess.run(  # noqa: S603 - Our own words.
            command, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise EmbeddedDatabaseError(
            f"PostgreSQL does not run as root and there is no `useradd` to make the user "
            f"'{USER_NAME}'. Make it, or run Tintype as an ordinary user."
        ) from error
    try:
        pwd.getpwnam(USER_NAME)  # Another process may have made it at the same moment.
    except KeyError as error:
        raise EmbeddedDatabaseError(
            f"The user '{USER_NAME}' can't be made: {made.stderr.strip()}"
        ) from error


def _grant_pass(folder: Path, uid: int, mode: int) -> None:
    try:
        entries = list(_entries(os.getxattr(folder, _ACL)))
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        entries = [(_OWNER, mode >> 6 & 7, _NO_ID), (_GROUP, mode >> 3 & 7, _NO_ID)]
        entries += [(_MASK, mode >> 3 & 7, _NO_ID), (_OTHER, mode & 7, _NO_ID)]
    named = {(tag, name): rights for tag, rights, name in entries}
    if named.get((_USER, uid), 0) & named[_MASK, _NO_ID] & _PASS:
        return
    named[_USER, uid] = named.get((_USER, uid), 0) | _PASS
    named[_MASK, _NO_ID] |= _PASS
    packed = (_ENTRY.pack(tag, rights, name) for (tag, name), rights in sorted(named.items()))
    os.setxattr(folder, _ACL, _HEADER.pack(_VERSION) + b"".join(packed))


def _entries(packed: bytes) -> Iterator[tuple[int, int, int]]:
    if _HEADER.unpack_from(packed) != (_VERSION,):
        raise OSError(errno.ENOTSUP, "an access list of another version")
    yield from _ENTRY.iter_unpack(packed[_HEADER.size :])
