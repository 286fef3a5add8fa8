"""Every subject the drawings know, in one visible list."""

from collections.abc import Mapping

from tintype.media.draft.subjects import (
    air,
    animals,
    beasts,
    birds,
    boats,
    buildings,
    food,
    furniture,
    people,
    plants,
    products,
    suited,
    swimmers,
    vehicles,
)
from tintype.media.draft.subjects.base import Brush, Place, Subject

SUBJECTS: Mapping[str, Subject] = {
    **air.SUBJECTS,
    **animals.SUBJECTS,
    **beasts.SUBJECTS,
    **birds.SUBJECTS,
    **boats.SUBJECTS,
    **buildings.SUBJECTS,
    **food.SUBJECTS,
    **furniture.SUBJECTS,
    **people.SUBJECTS,
    **suited.SUBJECTS,
    **plants.SUBJECTS,
    **products.SUBJECTS,
    **swimmers.SUBJECTS,
    **vehicles.SUBJECTS,
}

__all__ = ["SUBJECTS", "Brush", "Place", "Subject"]
