"""The text of /metrics, read as strictly as Prometheus may."""

import re

from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(text: str) -> dict[Sample, float]:
    """Each sample by name and labels; refuses a family or a sample that comes twice."""
    for kind in ("HELP", "TYPE"):
        names = re.findall(rf"^# {kind} (\S+)", text, re.MULTILINE)
        assert len(names) == len(set(names)), sorted(names)
    found: dict[Sample, float] = {}
    for family in text_string_to_metric_families(text):
        for it in family.samples:
            sample = (it.name, tuple(sorted(it.labels.items())))
            assert sample not in found, sample
            found[sample] = it.value
    return found
