"""Chat templates are programs by others: none gets out of its sandbox, and none takes memory or time without an end."""

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest
from zoo import TRAINED, tiny_tokenizer, trained_folder

from fuzzing.rendering import TEMPLATES, watch
from selfamplify import demo
from selfamplify.errors import ModelError
from selfamplify.models.local import trial
from selfamplify.models.local.chat import PLAIN_TEMPLATE, render
from selfamplify.models.local.load import load_tokenizer
from selfamplify.records import Chat, Message

CHAT = Chat((Message("user", "Which?"),))
REACHED = "(reached)"

READS = (
    "''.__class__.__mro__[1]",
    "''['__class__'].__name__",
    "''['__cla' ~ 'ss__'].__name__",
    "(''|attr('__class__')).__name__",
    "(()|attr('\\x5f\\x5fclass\\x5f\\x5f')).__name__",
    "('{0.__class__}'.format(1)).split('class')[1]",
    "('{x.__class__.__mro__}'.format_map({'x': 1})).split('class')[1]",
    "(('{0.__class__}'|string).format(1)).split('class')[1]",
    "([1]|map(attribute='__class__')|list)[0].__name__",
    "([1]|map('attr', '__class__')|list)[0].__name__",
    "(messages|groupby('__class__')|list)[0][0].__name__",
    "(messages|selectattr('__class__')|list)[0].content",
    "(messages|batch(1)).gi_frame.f_globals['__name__']",
    "messages.append.__self__[0].content",
    "messages.copy.__doc__",
    "cycler.__init__.__globals__['__name__']",
    "joiner.__init__.__globals__['__name__']",
    "lipsum.__globals__['__name__']",
    "lipsum.__code__.co_name",
    "lipsum.__builtins__.__import__('os').name",
    "cycler.__init__.__globals__.os.getcwd()",
    "self.__init__.__globals__['__name__']",
    "self._TemplateReference__context|string",
    "self.__class__.__name__",
    "namespace.__init__.__globals__['__name__']",
    "namespace(a=1)._Namespace__attrs",
    "[].__class__.__base__.__subclasses__()[0].__name__",
)
"""Expressions that read what a template must not reach; in plain Jinja each of them gives something."""
ACTS = (
    "{{ lipsum.__globals__['os'].system('true') }}",
    "{{ cycler.__init__.__globals__.os.popen('true').read() }}",
    "{{ [].__class__.__base__.__subclasses__()[100]('/etc/hostname') }}",
    "{{ self.__init__.__globals__.__builtins__['open']('/etc/hostname').read() }}",
    "{{ lipsum.__builtins__.eval('__import__(\"os\").getcwd()') }}",
    "{% set x = cycler.__init__.__globals__.os.environ.__setitem__('A', 'B') %}",
    "{% import '/etc/hostname' as found %}{{ found }}",
    "{% include '/etc/hostname' %}",
    "{% extends '/etc/hostname' %}",
    "{{ messages.append(1) }}",
    "{{ messages[0].update({'content': 'another'}) }}",
    "{{ messages.clear() }}",
    "{{ namespace(__class__=1) }}",
    "{% set found = namespace(a=1) %}{% set found.__class__ = found %}",
    "{{ messages.__reduce__() }}",
    "{{ tojson.__globals__.os }}",
    "{{ raise_exception.__globals__['os'].getcwd() }}",
    "{{ strftime_now.__globals__['os'].getcwd() }}",
    "{{ messages|tojson(default=cycler.__init__.__globals__.os.system) }}",
)
"""Templates that would open, change or start something."""


def rendered(template: str) -> tuple[str | None, list[str]]:
    """What a tokenizer with this template writes, None if it is refused, and what the process opened, imported or started."""
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = template
    done = watch()
    try:
        return render(tokenizer, CHAT), done()
    except ModelError as error:
        assert "\n" not in str(error) and str(error).endswith(".")
        return None, done()


@pytest.mark.parametrize("expression", READS)
def test_what_plain_jinja_reaches_is_out_of_reach(expression: str):
    attack = f"{{% if {expression} %}}{REACHED}{{% endif %}}{{{{ {expression} }}}}"
    turns: list[dict[str, Any]] = [{"role": "user", "content": "Which?"}]
    assert REACHED in jinja2.Environment().from_string(attack).render(messages=turns), "no attack at all"
    text, events = rendered(attack)
    assert not events and not text, text


@pytest.mark.parametrize("attack", ACTS)
def test_a_template_opens_changes_and_starts_nothing(attack: str):
    text, events = rendered(attack + "{{ messages[0].content }}")
    assert not events and text in (None, "Which?")


def folder_with(folder: Path, template: str) -> Path:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    for name in ("config.json", "model.safetensors"):
        (folder / name).symlink_to(Path(demo.__file__).parent / name)
    return folder


GREEDY = {
    "power": "{{ 9 ** (9 ** 9) }}",
    "folded": "{% if 9 ** (9 ** 9) %}x{% endif %}",
    "squares": "{% set n = namespace(x=3) %}{% for _ in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}{{ n.x > 1 }}",
    "text": "{{ 'x' * 10 ** 10 }}",
    "list": "{{ [1] * 10 ** 10 }}",
    "doubled": "{% set n = namespace(x='x') %}{% for _ in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
    "centred": "{{ 'x'|center(10 ** 10) }}",
    "padded": "{{ 'x'.ljust(10 ** 10) }}",
    "formatted": "{{ '%9999999999d'|format(1) }}",
    "format": "{{ '{:9999999999}'.format(1) }}",
    "indented": "{{ messages|tojson(indent=10 ** 10) }}",
    "replaced": "{{ ('x' * 100000).replace('', 'x' * 100000)|length }}",
    "filled": "{{ [1]|batch(10 ** 10, 'x')|list }}",
    "rounded": "{{ 1|round(10 ** 8, 'ceil') }}",
    "words": "{{ lipsum(n=10 ** 9) }}",
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "macros": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "later": "{% if messages|length > 4 %}{{ 'x' * 10 ** 10 }}{% endif %}",
}


@pytest.mark.long
@pytest.mark.parametrize("kind", GREEDY)
def test_a_template_without_bounds_is_refused_before_it_runs_here(kind: str, tmp_path: Path):
    folder = folder_with(tmp_path, GREEDY[kind] + PLAIN_TEMPLATE)
    with pytest.raises(ModelError, match=r"takes more than (512 MB|2 seconds)|not finished after 200,000 steps") as caught:
        load_tokenizer(folder)
    assert "\n" not in str(caught.value) and str(caught.value).endswith("correct its chat_template.")


@pytest.mark.long
@pytest.mark.parametrize(
    "template",
    ["{{ range(10 ** 9)|list }}",
     "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ " + "(" * 999 + "1" + ")" * 999 + " }}",
     "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}", "{% if 1 %}" * 999, "{{ 1 / 0 }}", "{{ x.y.z }}"],
)  # fmt: skip
def test_what_fails_at_once_is_refused_where_it_is_rendered(template: str, tmp_path: Path):
    tokenizer = load_tokenizer(folder_with(tmp_path, template))
    with pytest.raises(ModelError, match="can't write these turns"):
        render(tokenizer, CHAT)


@pytest.mark.long
@pytest.mark.parametrize("template", [*TEMPLATES, "{% generation %}x{% endgeneration %}{% break %}", "{{ messages|tojson }}"])
def test_harmless_templates_pass(template: str, tmp_path: Path):
    load_tokenizer(folder_with(tmp_path, template))


@pytest.mark.parametrize("name", ["embedded", *TRAINED])
def test_the_templates_of_real_models_render_in_the_trial_as_they_do_here(name: str):
    folder = Path(demo.__file__).parent if name == "embedded" else trained_folder(name)
    tokenizer = load_tokenizer(folder)
    if not tokenizer.chat_template:
        pytest.skip("it has no chat template")
    turns = [{"role": role, "content": "?"} for role in ("user", "assistant", "user")]
    variables = {key: str(value) for key, value in json.loads(json.dumps(tokenizer.special_tokens_map)).items()}
    own = trial._environment().from_string(tokenizer.get_chat_template())
    there = own.render(messages=turns, tools=None, documents=None, add_generation_prompt=True, **variables)
    assert there == tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
