"""What is kept of a run: figures, not the machine's name or single rounds."""

from __future__ import annotations

from typing import Any

KEPT = ("python_version", "machine", "system")


def pytest_benchmark_update_json(
    config: object,  # noqa: ARG001 - the hook's signature
    benchmarks: object,  # noqa: ARG001
    output_json: dict[str, Any],
) -> None:
    """Leave in ``--benchmark-json`` what the performance page is made of."""
    machine = output_json["machine_info"]
    kept = {
        "machine": {key: machine[key] for key in KEPT}
        | {"cores": machine["cpu"]["count"]},
        "runs": [
            {
                "benchmark": bench["fullname"],
                "given": bench["params"] or {},
                "measured": output_json["datetime"][:10],
                "figures": bench["extra_info"],
            }
            for bench in output_json["benchmarks"]
        ],
    }
    output_json.clear()
    output_json.update(kept)
