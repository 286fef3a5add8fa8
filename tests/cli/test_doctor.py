from pathlib import Path

import asyncpg

from cli.process import tintype


def judged(url: str, folder: Path) -> tuple[int, dict[str, tuple[str, str]]]:
    done = tintype("doctor", "--data", folder, url=url)
    found = {it["check"]: (it["state"], it["detail"]) for it in done.json["checks"]}
    assert done.json["healthy"] is (done.code == 0)
    return done.code, found


async def changed(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_well_house_passes_and_each_fault_is_found(
    database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    made = tintype("generate", "a fox", "--data", folder, url=database_url, cwd=tmp_path).json
    code, found = judged(database_url, folder)
    assert code == 0
    assert {state for state, _ in found.values()} == {"ok"}
    assert {"codec avif", "engine builtin", "storage", "ledger", "pictures"} <= set(found)
    assert "schema is current" in found["database"][1]

    (master,) = (folder / "media" / "masters").rglob("*.png")
    master.write_bytes(master.read_bytes()[:-1])
    await changed(
        database_url,
        "UPDATE credit_accounts SET balance = balance + 1",
        "INSERT INTO generations SELECT (jsonb_populate_record(g, jsonb_build_object("
        " 'id', 'gen_01m7w5h84re2daktxw14fg7aqc', 'status', 'queued',"
        " 'run_after', now() - interval '1 hour'))).* FROM generations g",
    )
    code, found = judged(database_url, folder)
    assert code == 1
    assert found["pictures"] == ("fault", f"1 of 1 lack their bytes: {made['image_id']}")
    assert found["ledger"][0] == "fault"
    assert "1 accounts differ" in found["ledger"][1]
    # Nothing runs that could do it, so waiting work is no fault.
    assert found["work"][0] == "warning"
    assert "1 stuck" in found["work"][1]


async def test_a_job_whose_work_has_ended_is_told(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    made = tintype("generate", "a fox", "--data", folder, url=database_url, cwd=tmp_path).json
    await changed(
        database_url,
        "INSERT INTO pgqueuer (priority, status, entrypoint, payload, created)"
        f" VALUES (0, 'queued', 'generation.builtin', '{made['id']}', now() - interval '1 hour')",
    )
    code, found = judged(database_url, folder)
    assert (code, found["work"][0]) == (0, "warning")
    assert "1 jobs for work that has ended" in found["work"][1]


async def test_a_database_of_another_version_is_a_fault_and_is_left_alone(
    database_url: str, tmp_path: Path
) -> None:
    await changed(database_url, "INSERT INTO schema_migrations VALUES (9999, '9999_pre_x.sql')")
    code, found = judged(database_url, tmp_path)
    assert (code, found["database"][0]) == (1, "fault")
    assert "newer Tintype" in found["database"][1]
    refused = tintype("org", "list", url=database_url)
    assert (refused.code, "newer Tintype" in refused.err) == (2, True)


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = tintype("doctor", "--data", tmp_path / "new")
    assert done.code == 0
    assert not (tmp_path / "new").exists()
