"""From what a person hands over to a checked description, and their own objects beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, brief
from dltrainer_jupyter.core.holding_back import HANDED_OVER
from dltrainer_jupyter.core.protocols import Recipe
from dltrainer_jupyter.core.secrets import MASK, secrets_of
from dltrainer_jupyter.core.spec import USER_OBJECT, Part, RunSpec
from dltrainer_jupyter.core.terms import one_or_several
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.files.places import full, with_full_places, within
from dltrainer_jupyter.data.foreign.recognition import (
    brings_batches,
    can_be_divided,
    is_foreign,
    kind_of,
)
from dltrainer_jupyter.recipes.choice import native_recipe_for
from dltrainer_jupyter.recipes.decorator import take_steps
from dltrainer_jupyter.schedules.own import check as check_scheduler
from dltrainer_jupyter.tal.handed_over import outlined
from dltrainer_jupyter.tal.naming import default_name
from dltrainer_jupyter.tal.own_objects import in_few_words, is_own, thing_in
from dltrainer_jupyter.tal.own_steps import check_steps
from dltrainer_jupyter.tal.sealing import checked

_PARTS = ("recipe", "model", "data", "optimizer", "scheduler")
"""Settings whose place an object of the user's own can take."""
LISTS = ("loss", "regularization", "metrics", "preprocessing", "postprocessing")
"""Settings that may be several parts, some of them the user's own."""
_ROOT_OF_FRAMEWORK = {"torch": "pytorch", "keras": "tensorflow", "tensorflow": "tensorflow", "flax": "jax"}


def describe(
    given: Mapping[str, Any],
    *,
    inherited: Collection[str] = (),
    check: Callable[[RunSpec], RunSpec] = checked,
) -> tuple[RunSpec, dict[str, Any]]:
    """Check settings without starting anything.

    Parameters
    ----------
    given : mapping
        Settings; parts may be the user's own objects.
    inherited : collection of str, optional
        Keys of another run's settings, which nobody asks for anew: left out where the data or the model bring their
        own, and not refused.
    check : callable, optional
        Looks up the parts and makes secrets of trackers' tokens, for a caller that may not import them.

    Returns
    -------
    spec : RunSpec
        The description, in which the user's own objects are mentioned.
    own : dict
        Those objects, by key.

    Raises
    ------
    ConfigurationError
        Names the first key that is wrong.
    """
    values = dict(given)
    groups = _take_groups(values)
    take_steps(values, frozenset(inherited))
    _take_validation(values)
    own = _take_own(values)
    if groups is not None:
        own["groups"] = groups
    values = (_chosen_by(own["model"]) if "model" in own else _chosen_by_name(values.get("model"))) | values
    for key in _brought(values, own).intersection(inherited):
        values.pop(key, None)
        own.pop(key, None)
    if "recipe" in own and (isinstance(own["recipe"], type) or not isinstance(own["recipe"], Recipe)):
        msg = f"recipe: expected an object with build, train_step and eval_step, got {brief(own['recipe'])}."
        raise ConfigurationError(msg)
    if values.get("framework") == "own_loop":
        values.setdefault("recipe", "own_loop")
    spec = validate(RunSpec, values)
    for key in sorted(spec.user_objects - own.keys()):
        mention = next(part for part in spec.parts(key) if part.is_user_object)
        msg = f"{key}: '{mention}' stands for an object of your own, which has to be handed over from Python."
        raise ConfigurationError(msg)
    if "batch_size" in spec.model_fields_set and brings_batches(own.get("data"), spec.batch_size):
        msg = (
            f"batch_size: {in_few_words(own['data'])} gives batches as they are, got {spec.batch_size}; leave it out, "
            "or change it where the batches are made."
        )
        raise ConfigurationError(msg)
    _refuse_masks(spec)
    _check_groups(spec, own)
    spec = check(_with_full_places(spec))
    _refuse_masks(spec)
    _check_model(spec, own)
    if "scheduler" in own and spec.scheduler is not None:
        check_scheduler(own["scheduler"], spec.scheduler.config, has_rate=spec.learning_rate is not None)
    check_steps(spec, own, outlined(spec, own))
    if "name" not in spec.model_fields_set:
        spec = spec.model_copy(update={"name": default_name(spec, own)})
    return spec, own


def _take_groups(values: dict[str, Any]) -> Any:
    """Take groups that are an array out of the settings of the validation."""
    validation = values.get("validation")
    groups = validation.get("groups") if isinstance(validation, Mapping) else None
    if groups is None or isinstance(groups, str):
        return None
    values["validation"] = {**validation, "groups": HANDED_OVER}  # type: ignore[dict-item] # a mapping, as was seen
    return groups


def _check_groups(spec: RunSpec, own: Mapping[str, Any]) -> None:
    """Raise if groups are only mentioned, or go with data that nobody can divide by them."""
    mentioned = spec.validation is not False and spec.validation.groups == HANDED_OVER
    if mentioned and "groups" not in own:
        msg = "validation.groups: these groups are an array, which has to be handed over from Python."
        raise ConfigurationError(msg)
    if mentioned and is_foreign(own.get("data")):
        msg = "validation.groups: a loader's samples aren't divided by groups; give arrays, or two loaders."
        raise ConfigurationError(msg)


def _with_full_places(spec: RunSpec) -> RunSpec:
    """Write out where files are: who trains or resumes may be in another folder."""
    if spec.weights is not None and spec.weights.of_run is None:
        written_out = spec.weights.model_copy(update={"path": full(spec.weights.path)})
        spec = spec.model_copy(update={"weights": written_out})
    if spec.data.is_user_object or spec.data.type not in registry.names("data"):
        return spec
    try:
        schema = getattr(registry.find("data", spec.data.type), "Config", None)
    except (ConfigurationError, MissingPackageError):
        return spec  # the check says it in its turn
    if not isinstance(schema, type) or not registry.is_ours("data", spec.data.type):
        return spec
    config = with_full_places(schema, spec.data.config)
    changes: dict[str, Any] = {}
    if config != spec.data.config:
        changes["data"] = spec.data.model_copy(update={"config": config})
    asked, path = spec.validation, config.get("path")
    if asked is not False and asked.validation is not None and isinstance(path, str):
        keys = [key for key in ("train", "validation") if getattr(asked, key) is not None]
        changes["validation"] = asked.model_copy(update={key: full(within(path, getattr(asked, key))) for key in keys})
    return spec.model_copy(update=changes)


def _refuse_masks(spec: RunSpec) -> None:
    """Raise if a configuration that was shown somewhere is given back, in which secrets are masked."""
    for key, secret in secrets_of(spec).items():
        if secret == MASK:
            msg = f"{key}: expected the secret itself, got what is shown in its place; give it again."
            raise ConfigurationError(msg)


def _take_validation(values: dict[str, Any]) -> None:
    """Let ``validation`` be a share, or arrays or a loader that join the training data.

    Raises
    ------
    ConfigurationError
        If it is something that doesn't go with the data.
    """
    validation, data = values.get("validation"), values.get("data")
    if isinstance(validation, float):
        if is_foreign(data) and not can_be_divided(data):
            msg = (
                f"validation: no share of a loader's batches can be held back, got {validation}; divide what it reads "
                "between two loaders, or give arrays (x_val, y_val) or False."
            )
            raise ConfigurationError(msg)
        values["validation"] = {"split": validation}
    elif kind_of(validation) is not None:
        if kind_of(data) is None:
            msg = f"validation: a {type(validation).__name__} goes with a loader as data, got {in_few_words(data)}."
            raise ConfigurationError(msg)
        values["data"] = (data, validation)
        del values["validation"]
    elif isinstance(validation, tuple | list) and is_foreign(data):
        if kind_of(data) is None:
            msg = f"validation: the data {in_few_words(data)} brings its own; leave one of them out."
            raise ConfigurationError(msg)
        values["data"] = (data, tuple(validation))
        del values["validation"]
    elif isinstance(validation, tuple | list):
        if not (isinstance(data, tuple | list) and is_own("data", data) and len(data) == len(validation) == 2):  # noqa: PLR2004
            msg = "validation: arrays (x_val, y_val) go with data=(x, y); for other data give a share such as 0.2."
            raise ConfigurationError(msg)
        values["data"] = (*data, *validation)
        del values["validation"]


def _take_own(values: dict[str, Any]) -> dict[str, Any]:
    """Take the user's own objects out of settings, in which they are only mentioned from then on."""
    own = dict[str, Any]()
    for key in _PARTS:
        thing = thing_in(values.get(key)) if key == "scheduler" else values.get(key)
        if key in values and is_own(key, thing):
            carried = {} if thing is values[key] else {name: it for name, it in values[key].items() if name != "type"}
            own[key] = thing
            values[key] = {"type": USER_OBJECT, "is": in_few_words(thing), **carried}
    if "data" not in own and isinstance(values.get("data"), list):
        msg = (
            f"data: expected a name, a mapping with a 'type', or in Python a tuple (x, y), got {brief(values['data'])}."
        )
        raise ConfigurationError(msg)
    for key in LISTS:
        given = one_or_several(values[key]) if key == "loss" and key in values else values.get(key)
        if given is not None and (key != "loss" or isinstance(given, tuple)):
            values[key], own_parts = _mentioned(given)
            own |= {key: own_parts} if own_parts else {}
        elif key == "loss" and given is not None and is_own(key, thing := thing_in(given)):
            own[key], values[key] = thing, Part.user_object(in_few_words(thing))
    return own


def _mentioned(given: Any) -> tuple[list[Any], list[Any]]:
    """Tell parts by name from the user's own, which may be the type of a mapping: ``{"type": f, "weight": 2}``."""
    own, mentioned = [], []
    for item in list(given) if isinstance(given, list | tuple) else [given]:
        thing = thing_in(item)
        if is_own("metrics", thing):
            own.append(thing)
            carried = {key: value for key, value in item.items() if key != "type"} if thing is not item else {}
            mentioned.append({"type": USER_OBJECT, "is": in_few_words(thing), **carried})
        else:
            mentioned.append(item)
    return mentioned, own


def _chosen_by(model: Any) -> dict[str, Any]:
    """Give the settings that a model of the user's own decides where they are left out."""
    chosen = {"framework": framework_of(model), "recipe": native_recipe_for(model)}
    return {key: value for key, value in chosen.items() if value is not None}


def _chosen_by_name(model: Any) -> dict[str, Any]:
    """Give the recipe that a model of ours is made for, where it is named; nothing else is imported."""
    name = model.get("type") if isinstance(model, Mapping) else getattr(model, "type", model)
    if not isinstance(name, str) or name not in registry.names("models") or not registry.is_ours("models", name):
        return {}
    recipe = getattr(registry.find("models", name), "recipe", None)
    return {} if recipe is None else {"recipe": recipe}


def _brought(values: Mapping[str, Any], own: Mapping[str, Any]) -> set[str]:
    """Name the settings that the user's own data and model bring along."""
    brought = set()
    if "batch_size" in values and brings_batches(own.get("data"), values["batch_size"]):
        brought.add("batch_size")
    native = native_recipe_for(own.get("model"))
    if native is not None and native == values["recipe"]:
        brought |= {"loss", "optimizer"}
    return brought


def _check_model(spec: RunSpec, own: Mapping[str, Any]) -> None:
    """Refuse a model of another framework; let a native recipe say what can't be done for a model.

    Raises
    ------
    ConfigurationError
        Names the framework of the model, or what contradicts it.
    """
    framework = framework_of(own.get("model"))
    if framework not in (None, spec.framework):
        msg = (
            f"framework: '{spec.framework}' can't train a model of {framework}'s ({in_few_words(own['model'])}); "
            f"leave framework out, or say {framework}."
        )
        raise ConfigurationError(msg)
    if callable(check := getattr(own.get("recipe"), "check_run", None)):
        check(spec, own)
    if "model" in own and not spec.recipe.is_user_object:
        recipe = registry.find("recipes", spec.recipe.type)
        if callable(check := getattr(recipe, "check_model", None)):
            check(own["model"], spec)


def framework_of(model: Any) -> str | None:
    """Tell the framework of a model by where its class comes from, if it is one's; nothing is imported."""
    kind = model if isinstance(model, type) else type(model)
    for base in kind.__mro__:
        root = base.__module__.partition(".")[0]
        if root in _ROOT_OF_FRAMEWORK:
            return _ROOT_OF_FRAMEWORK[root]
    return None
