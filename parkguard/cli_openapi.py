"""``parkguard openapi``: the API's own description, from which the pages' client is made."""

import json

import typer

from api.app import openapi_document

EXAMPLES = "Example: parkguard openapi > openapi.json"


def openapi() -> None:
    """Print the OpenAPI document of the HTTP API (JSON). It needs no server and no database."""
    typer.echo(json.dumps(openapi_document(), ensure_ascii=False, indent=1))
