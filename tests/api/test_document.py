"""The document tells of every address, and of nothing else."""

import jsonschema_rs

from mojupravljalec.api.openapi import document_of, path_of
from mojupravljalec.api.problems import TYPES

from .conftest import DOCUMENT, Program


def test_every_address_is_in_the_document_and_no_other(app):
    rules = {
        (path_of(rule.rule.removeprefix("/api")), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in rule.methods - {"HEAD"}
    }
    told = {
        (path, method.upper())
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    }
    assert told == rules


def test_the_document_is_served_to_everybody(app):
    answer = Program(app).get("/api/openapi.json")
    assert answer.json == document_of("http://localhost", app.config["SITE_NAME"])
    assert answer.json["servers"] == [{"url": "http://localhost"}]


def test_every_answer_is_described(app):
    for operations in DOCUMENT["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            statuses = set(operation["responses"])
            assert {"422", "500", "503"} <= statuses
            if operation.get("security") != []:
                assert {"401", "403", "429"} <= statuses
            for status, answer in operation["responses"].items():
                (mimetype,) = answer["content"]
                assert (mimetype == "application/problem+json") is (int(status) >= 400)


def test_every_problem_of_ours_is_an_example_somewhere():
    named = {
        name
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
        for answer in operation["responses"].values()
        for content in answer["content"].values()
        for name in content.get("examples", {})
    }
    assert set(TYPES) <= named


def test_examples_have_the_shape_that_they_show():
    components = DOCUMENT["components"]
    contents = [
        content
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
        for said in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in said.get("content", {}).values()
    ]
    shown = [(one["schema"], one["examples"]) for one in contents if "examples" in one]
    assert shown
    for schema, examples in shown:
        validator = jsonschema_rs.validator_for({**schema, "components": components})
        for example in examples.values():
            validator.validate(example["value"])
