"""Every subject the drawings know, in one visible list."""

from collections.abc import Mapping

from tintype.media.draft.subjects import air, animals, beasts, birds, boats, swimmers, vehicles
from tintype.media.draft.subjects.base import Brush, Place, Subject

SUBJECTS: Mapping[str, Subject] = {
    **animals.SUBJECTS,
    **beasts.SUBJECTS,
    **birds.SUBJECTS,
    **swimmers.SUBJECTS,
    **vehicles.SUBJECTS,
    **air.SUBJECTS,
    **boats.SUBJECTS,
}

__all__ = ["SUBJECTS", "Brush", "Place", "Subject"]
