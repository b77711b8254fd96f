"""What protects a locker that is a folder: next to nothing."""

from __future__ import annotations

from collections.abc import Sequence

from collector.evidence.address import Folder
from collector.evidence.folder import FolderLocker
from collector.evidence.protection import Look, Protection

ADVICE = "keep the locker in a bucket for that"


def folder_protections(address: Folder) -> Sequence[Protection]:
    """That it can be written; the rest says what a folder cannot do."""
    locker = FolderLocker(address.root)

    def writable() -> Look:
        locker.check_writable()
        return Look(True, "it can be written")

    def cannot(text: str) -> Look:
        return Look(False, text)

    return (
        Protection("writable", "a folder that can be written", writable),
        Protection(
            "versions",
            f"nothing is written over or deleted unseen; {ADVICE}",
            lambda: cannot("a folder keeps no versions"),
        ),
        Protection(
            "retention",
            f"nobody can delete; {ADVICE}",
            lambda: cannot("whoever may write the folder may delete in it"),
        ),
    )
