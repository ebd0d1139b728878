"""Which path answers what. Whatever stands here is reachable, guarded, checked and in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.server import (
    finding,
    finding_schemas,
    insight,
    insight_schemas,
    list_schemas,
    model_schemas,
    models,
    openapi,
    part_schemas,
    parts,
    prediction,
    schemas,
    stack_schemas,
    stacks,
    steering,
    testing,
    training,
    watching,
)
from dltrainer_jupyter.server.operation import Operation
from dltrainer_jupyter.server.set_schema import SetRequest

PREFIX = "/dltrainer/api"
_LARGEST_INPUTS = 2**25
"""Bytes of what is to be predicted."""

ROUTES: dict[str, dict[str, Operation]] = {
    "/store": {"get": Operation("Say which store this server reads.", watching.store, schemas.StoreAnswer)},
    "/resources": {
        "get": Operation("Say how busy this server's machine is.", watching.resources, schemas.ResourcesAnswer)
    },
    "/runs": {
        "get": Operation(
            "List runs: some of them, in some order, a page at a time.",
            watching.runs,
            list_schemas.RunsAnswer,
            query=list_schemas.RunsQuery,
        ),
        "post": Operation(
            "Start a run in a process of its own, from what a configuration file holds.",
            training.train,
            schemas.RunAnswer,
            HTTPStatus.CREATED,
            body=RunSpec,
            checks_body=True,
        ),
    },
    "/runs/{id}": {
        "get": Operation("Show a run in full.", watching.run, schemas.RunAnswer),
        "delete": Operation(
            "Remove an ended run with its history and files.", steering.delete, None, HTTPStatus.NO_CONTENT
        ),
    },
    "/runs/{id}/analysis": {
        "get": Operation("Describe a run's model, layer by layer.", insight.analysis, insight_schemas.AnalysisAnswer)
    },
    "/runs/{id}/histograms": {
        "get": Operation(
            "Say how weights, activations or gradients lay from epoch to epoch.",
            insight.histograms,
            insight_schemas.HistogramsAnswer,
            query=insight_schemas.HistogramsQuery,
        )
    },
    "/runs/{id}/changed": {
        "get": Operation(
            "Find the examples that changed side between two validations.",
            insight.changed,
            insight_schemas.ChangedAnswer,
            query=insight_schemas.ChangedQuery,
        )
    },
    "/runs/{id}/difference": {
        "get": Operation(
            "Subtract the confusion matrices of two validations, and list the settings that differ.",
            insight.difference,
            insight_schemas.DifferenceAnswer,
            query=insight_schemas.DifferenceQuery,
        )
    },
    "/runs/{id}/report": {
        "get": Operation(
            "Write a report that is readable when nothing runs.",
            insight.report,
            None,
            query=insight_schemas.ReportQuery,
            media_types=tuple(insight.REPORT_TYPES.values()),
        )
    },
    "/runs/{id}/metrics": {"get": Operation("Give the history.", watching.metrics, schemas.MetricsAnswer)},
    "/runs/{id}/curves": {
        "get": Operation("Give per-step series.", watching.curves, schemas.CurvesAnswer, query=schemas.CurvesQuery)
    },
    "/runs/{id}/evaluation": {
        "get": Operation(
            "Say what a validation found of the whole set.",
            finding.evaluation,
            finding_schemas.EvaluationAnswer,
            query=finding_schemas.EvaluationQuery,
        )
    },
    "/runs/{id}/confusions": {
        "get": Operation(
            "Give the confusion matrices of many validations.",
            finding.confusions,
            finding_schemas.ConfusionsAnswer,
            query=finding_schemas.ConfusionsQuery,
        )
    },
    "/runs/{id}/examples": {
        "get": Operation(
            "Show single examples of a validation, or of a test run.",
            finding.examples,
            finding_schemas.ExamplesAnswer,
            query=finding_schemas.ExamplesQuery,
        )
    },
    "/runs/{id}/checkpoints": {
        "get": Operation("List the checkpoints.", watching.checkpoints, schemas.CheckpointsAnswer)
    },
    "/runs/{id}/resume": {
        "post": Operation(
            "Go on: a paused run at once, an ended one from its last checkpoint, in a process of its own.",
            training.resume,
            schemas.ControlRow,
            HTTPStatus.ACCEPTED,
            body=schemas.ResumeRequest,
        )
    },
    "/runs/{id}/set": {
        "post": Operation(
            "Change settings of a live run from the next step on.",
            steering.set_values,
            schemas.ControlRow,
            HTTPStatus.ACCEPTED,
            body=SetRequest,
            checks_body=True,
        )
    },
    "/runs/{id}/clone": {
        "post": Operation(
            "Start a new run from this one's settings, in a process of its own.",
            training.clone,
            schemas.RunAnswer,
            HTTPStatus.CREATED,
            body=schemas.CloneRequest,
        )
    },
    "/runs/{id}/predict": {
        "post": Operation(
            "Predict inputs, files, text or a drawing with a checkpoint.",
            prediction.predict,
            model_schemas.PredictAnswer,
            body=model_schemas.PredictRequest,
            largest_body=_LARGEST_INPUTS,
        )
    },
    "/runs/{id}/try": {
        "post": Operation(
            "Predict some validation examples with a checkpoint.",
            prediction.examples,
            model_schemas.TryAnswer,
            body=model_schemas.TryRequest,
        )
    },
    "/runs/{id}/heatmaps": {
        "post": Operation(
            "Show where a checkpoint looks on validation examples.",
            prediction.heatmaps,
            model_schemas.HeatmapsAnswer,
            body=model_schemas.HeatmapsRequest,
        )
    },
    "/runs/{id}/tests": {
        "get": Operation("List the test runs of a run.", testing.tests, model_schemas.TestRunsAnswer),
        "post": Operation(
            "Measure a checkpoint on a whole data set, and keep what is found.",
            testing.measure,
            model_schemas.TestRunAnswer,
            HTTPStatus.CREATED,
            body=model_schemas.TestRequest,
        ),
    },
    "/runs/{id}/tests/{number}": {
        "get": Operation("Show a test run in full.", testing.test, model_schemas.TestRunAnswer),
        "delete": Operation("Forget a test run.", testing.delete, None, HTTPStatus.NO_CONTENT),
    },
    "/runs/{id}/tests/{number}/examples": {
        "get": Operation(
            "Give what became of each example of a test run, as a file.",
            testing.examples,
            None,
            query=model_schemas.TestExamplesQuery,
            media_types=tuple(testing.TYPES.values()),
        )
    },
    "/check": {
        "post": Operation(
            "Say what is wrong with a configuration, and in which line.",
            training.check,
            model_schemas.CheckAnswer,
            body=RunSpec,
            reads_body=True,
        )
    },
    "/outline": {
        "post": Operation(
            "Say what the layers of a configuration's model take, give and learn, and which of them doesn't fit.",
            stacks.outline,
            stack_schemas.OutlineAnswer,
            query=stack_schemas.OutlineQuery,
            body=RunSpec,
            checks_body=True,
        )
    },
    "/settings": {
        "get": Operation(
            "Describe the settings of a run, as a form shows them.", parts.settings, part_schemas.RunSettings
        )
    },
    "/parts": {"get": Operation("List the kinds of parts that have settings.", parts.kinds, part_schemas.PartKinds)},
    "/parts/{kind}": {
        "get": Operation(
            "List the parts of one kind, with their settings.",
            parts.parts,
            part_schemas.PartsAnswer,
            query=part_schemas.ListingQuery,
        )
    },
    "/parts/{kind}/{name}": {
        "get": Operation("Describe a part and the schema of its settings.", parts.part, part_schemas.PartAnswer)
    },
    "/models": {
        "get": Operation("List the models.", models.models, model_schemas.ModelsAnswer, query=part_schemas.ListingQuery)
    },
    "/models/{name}/metadata": {"get": Operation("Describe a model.", models.metadata, model_schemas.ModelAnswer)},
    "/models/{name}/config-schema": {
        "get": Operation(
            "Give the JSON schema of a model's settings.", models.config_schema, model_schemas.SchemaAnswer
        )
    },
    "/models/{name}/validate-config": {
        "post": Operation(
            "Check settings of a model.",
            models.validate_config,
            model_schemas.ConfigAnswer,
            body=model_schemas.ModelConfig,
            checks_body=True,
        )
    },
} | {
    f"/runs/{{id}}/{verb}": {
        "post": Operation(steering.summary(verb), steering.asking(verb), schemas.ControlRow, HTTPStatus.ACCEPTED)
    }
    for verb in steering.PLAIN
}

ROUTES["/openapi.json"] = {
    "get": Operation("Describe this API.", lambda: openapi.document(PREFIX, ROUTES), openapi.Document)
}
