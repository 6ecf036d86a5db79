"""
The Processing algorithms in QGIS's own Python, without a window.

As a script it takes a task and a JSON of its arguments. What it finds is the last line
it prints.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any


class Toolbox:
    """Processing with geoborder's plugin from the profile of this environment."""

    def __init__(self) -> None:
        """Start QGIS and load the plugin as QGIS does."""
        from qgis import core, utils  # noqa: PLC0415 - only in the system's Python

        self.core = core
        core.QgsApplication.setPrefixPath("/usr", useDefaultPaths=True)
        profile = Path(os.environ["QGIS_CUSTOM_CONFIG_PATH"]) / "profiles" / "default"
        self.application = core.QgsApplication([], False, str(profile))  # noqa: FBT003 - QGIS's signature
        self.application.initQgis()
        sys.path[:0] = ["/usr/share/qgis/python/plugins"]
        sys.path[:0] = [str(profile / "python" / "plugins")]
        for plugin in ("processing", "geoborder_qgis"):
            if not (utils.loadPlugin(plugin) and utils.startProcessingPlugin(plugin)):
                msg = f"{plugin} does not load."
                raise RuntimeError(msg)
        self.registry = core.QgsApplication.processingRegistry()
        self.provider = self.registry.providerById("geoborder")

    def definitions(self) -> dict[str, Any]:
        """Tell each algorithm's parameters and results."""
        return {
            alg.name(): {
                "group": alg.groupId(),
                "help": alg.shortHelpString(),
                "runs": alg.canExecute(),
                "icon": not alg.icon().isNull(),
                "parameters": {
                    p.name(): {
                        "type": p.type(),
                        "default": p.defaultValue(),
                        "help": p.help(),
                        "optional": bool(p.flags() & p.Flag.FlagOptional),
                        "names": p.options() if p.type() == "enum" else [],
                    }
                    for p in alg.parameterDefinitions()
                },
                "options": {
                    p.name: [p.option, getattr(p, "otherwise", "")]
                    for p in alg.command.parameters
                },
                "command": alg.command.command,
                "results": {r.name(): r.type() for r in alg.outputDefinitions()},
            }
            for alg in self.provider.algorithms()
        }

    def cancel(self, algorithm: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Run an algorithm and cancel it once it is at work."""
        feedback = self.core.QgsProcessingFeedback()
        seen: dict[str, Any] = {"children": []}

        def watch() -> None:
            while feedback.progress() <= 0:
                time.sleep(0.02)
            seen["children"] = _descendants()
            feedback.cancel()

        threading.Thread(target=watch, daemon=True).start()
        began = time.monotonic()
        try:
            self._run(algorithm, parameters, feedback)
        except self.core.QgsProcessingException as error:
            seen["message"] = str(error)
        seen["seconds"] = time.monotonic() - began
        seen["left"] = [p for p in seen["children"] if Path(f"/proc/{p}").exists()]
        return seen

    def _run(self, algorithm: str, parameters: dict[str, Any], feedback: Any) -> Any:  # noqa: ANN401 - as Processing gives it
        context = self.core.QgsProcessingContext()
        context.setProject(self.core.QgsProject.instance())
        context.setFeedback(feedback)
        made = self.registry.createAlgorithmById(algorithm)
        results, _fine = made.run(parameters, context, feedback, catchExceptions=False)
        return results, context

    def refusals(self, cases: list[tuple[str, dict[str, Any]]]) -> list[str]:
        """Tell what is said to parameters that are wrong."""
        return [self._refusal(f"geoborder:{name}", wrong) for name, wrong in cases]

    def _refusal(self, algorithm: str, parameters: dict[str, Any]) -> str:
        context = self.core.QgsProcessingContext()
        made = self.registry.createAlgorithmById(algorithm)
        fine, message = made.checkParameterValues(parameters, context)
        if not fine:
            return message
        try:
            self._run(algorithm, parameters, self.core.QgsProcessingFeedback())
        except self.core.QgsProcessingException as error:
            return str(error)
        return ""

    def model(self, path: str) -> dict[str, Any]:
        """Write a model: a border extracted, then cut."""
        core = self.core
        model = core.QgsProcessingModelAlgorithm("chain", "tests")
        source = core.QgsProcessingModelChildParameterSource
        extract = core.QgsProcessingModelChildAlgorithm("geoborder:extractborder")
        extract.setChildId("extract")
        extract.addParameterSources("LEFT", [source.fromModelParameter("left")])
        extract.addParameterSources("RIGHT", [source.fromStaticValue("ESP")])
        model.addChildAlgorithm(extract)
        cut = core.QgsProcessingModelChildAlgorithm("geoborder:segmentborder")
        cut.setChildId("cut")
        cut.addParameterSources("BORDER", [source.fromChildOutput("extract", "OUTPUT")])
        cut.addParameterSources("LENGTH_KM", [source.fromExpression("5 * 10")])
        cut.addParameterSources("UNITS", [source.fromStaticValue(value=False)])
        output = core.QgsProcessingModelOutput("segments", "segments")
        output.setChildId("cut")
        output.setChildOutputName("OUTPUT")
        cut.setModelOutputs({"segments": output})
        model.addChildAlgorithm(cut)
        model.addModelParameter(
            core.QgsProcessingParameterString("left", "left"),
            core.QgsProcessingModelParameter("left"),
        )
        valid, faults = model.validate()
        return {"valid": valid, "faults": faults, "written": model.toFile(path)}

    def layers(self, folder: str) -> dict[str, Any]:
        """Locate points of a layer in memory, some of them selected, into sinks."""
        core = self.core
        layer = core.QgsVectorLayer(
            "MultiPoint?crs=EPSG:32642&field=fid:string&field=count:integer&"
            "field=on:date&field=big:int8",
            "points in memory",
            "memory",
        )
        features = []
        for number, x in enumerate((500000, 600000, 700000)):
            feature = core.QgsFeature(layer.fields())
            feature.setAttributes(["same", number, None, 2**40 + number])
            point = core.QgsGeometry.fromWkt(f"MultiPoint(({x} 4120000))")
            feature.setGeometry(point)
            features.append(feature)
        layer.dataProvider().addFeatures(features)
        layer.selectByExpression('"count" > 0')
        core.QgsProject.instance().addMapLayer(layer)
        chosen = core.QgsProcessingFeatureSourceDefinition(
            layer.id(), selectedFeaturesOnly=True
        )
        found = {}
        for name in ("memory:", "a.shp"):
            target = name if name == "memory:" else f"{folder}/{name}"
            results, context = self._run(
                "geoborder:locatepoints",
                {"POINTS": chosen, "LEFT": "TJK", "RIGHT": "AFG", "OUTPUT": target},
                core.QgsProcessingFeedback(),
            )
            made = core.QgsProcessingUtils.mapLayerFromString(
                results["OUTPUT"], context
            )
            found[name] = {
                "fields": made.fields().names(),
                "rows": [_plain(f.attributes()) for f in made.getFeatures()],
                "geometry": core.QgsWkbTypes.displayString(made.wkbType()),
                "crs": made.crs().authid(),
            }
        return found

    def temporary(self, sites: str, programme: str) -> dict[str, Any]:
        """Let Processing choose where a raster and a folder go."""
        seen, _ = self._run(
            "geoborder:viewshed",
            {"SITES": sites, "OUTPUT": "TEMPORARY_OUTPUT"},
            self.core.QgsProcessingFeedback(),
        )
        plan, context = self._run(
            "geoborder:runprogramme",
            {
                "PROGRAMME": programme,
                "SEGMENT_LENGTH_KM": 100,
                "EVENLY": True,
                "OUTPUT": "TEMPORARY_OUTPUT",
            },
            self.core.QgsProcessingFeedback(),
        )
        find = self.core.QgsProcessingUtils.mapLayerFromString
        return {
            "raster": find(seen["OUTPUT"], context).isValid(),
            "files": sorted(p.name for p in Path(plan["OUTPUT"]).glob("*.*")),
            "results": sorted(plan),
            "shown": {
                details.name: find(place, context).featureCount()
                for place, details in context.layersToLoadOnCompletion().items()
            },
        }

    def database(self, address: str, table: str) -> dict[str, Any]:
        """Extract borders into a table of PostGIS, and cut one of them."""
        core = self.core
        results, _ = self._run(
            "geoborder:extractborder",
            {
                "LEFT": "FRA",
                "RIGHT": "ESP",
                "OUTPUT": f"postgres://{address} table={table} (geom)",
            },
            core.QgsProcessingFeedback(),
        )
        layer = core.QgsVectorLayer(
            f"{address} key='border_id' table={table} (geom)", "kept", "postgres"
        )
        core.QgsProject.instance().addMapLayer(layer)
        layer.setSubsetString("border_id = 'FRA-ESP/1'")
        again, context = self._run(
            "geoborder:segmentborder",
            {"BORDER": layer.id(), "COUNT": 2, "OUTPUT": "memory:"},
            core.QgsProcessingFeedback(),
        )
        made = core.QgsProcessingUtils.mapLayerFromString(again["OUTPUT"], context)
        return {
            "place": results["OUTPUT"],
            "lengths_km": [f["length_km"] for f in made.getFeatures()],
        }


def _plain(values: list[Any]) -> list[Any]:
    return [v if isinstance(v, (str, int, float)) else None for v in values]


def _descendants() -> list[int]:
    """All processes that this one has started, and they."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents.setdefault(int(words[1]), []).append(int(stat.parent.name))
    found, new = [], [os.getpid()]
    while new:
        new = [child for parent in new for child in parents.get(parent, [])]
        found += new
    return found


if __name__ == "__main__":
    toolbox = Toolbox()
    answer = getattr(toolbox, sys.argv[1])(**json.loads(sys.argv[2]))
    print(json.dumps(answer, default=str))  # noqa: T201 - what it is for
    sys.stdout.flush()
    os._exit(0)  # QGIS's clearing up at the end of a script is known to crash
