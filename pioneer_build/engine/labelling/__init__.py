"""Labelling real text by what is in it: entities and classes."""

from __future__ import annotations

from pioneer_build.engine.labelling.classes import Choice, classify
from pioneer_build.engine.labelling.entities import Entity, Found, Unsupported, find_entities

__all__ = ["Choice", "Entity", "Found", "Unsupported", "classify", "find_entities"]
