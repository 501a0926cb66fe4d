"""Every name that a user can choose: what it stands for, and one line about it.

The tables hold places in the package, not the objects, so that listing the names imports nothing heavy. Other packages add
explainers, tasks and exporters through the entry-point groups ``selfamplify.explainers``, ``selfamplify.tasks`` and
``selfamplify.exporters``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Literal, TypeVar

from .errors import SettingsError

Kept = TypeVar("Kept")
Kind = Literal["model", "task", "explainer", "selection", "competitor", "preset", "profile", "tracker", "exporter"]


@dataclass(frozen=True)
class Entry:
    """Where something is in this package (``"explain.lime:Lime"``, or a dictionary that has it), and a line about it."""

    place: str
    summary: str


NAMES: dict[Kind, dict[str, Entry]] = {
    "model": {
        "embedded": Entry("models.local.named:EMBEDDED", "The small model in this package, for the planted tasks."),
        "smollm2": Entry(
            "models.local.named:SMOLLM2", "SmolLM2-135M-Instruct (Apache-2.0) from PyPI: 98 MB, see `selfamplify doctor`."
        ),
    },
    "task": {
        "arc_challenge": Entry("tasks.public:ARC_CHALLENGE", "Grade-school science questions, most with four choices."),
        "snarks": Entry("tasks.public:SNARKS", "Which of two sentences is sarcastic?"),
        "causal_judgment": Entry("tasks.public:CAUSAL_JUDGMENT", "Would a typical person call this the cause? Yes or no."),
        "commonsenseqa": Entry("tasks.public:COMMONSENSEQA", "Common-sense questions with five choices."),
        "planted_arc": Entry(
            "tasks.planted.source:PlantedArc", "Made-up science with four choices; the words that decide the answer are known."
        ),
        "planted_snarks": Entry(
            "tasks.planted.source:PlantedSnarks",
            "Made-up sarcasm with two choices; the deciding words are known.",
        ),
        "reviews": Entry(
            "tasks.reviews:Reviews", "One-sentence reviews (400), negative or positive; the deciding words are marked."
        ),
        "file": Entry("tasks.file:File", "A file of your own: multiple choice, or texts to classify."),
    },
    "explainer": {
        "gradient_x_activation": Entry(
            "explain.gradient_x_activation:GradientXActivation", "Gradient times embedding: one forward and one backward pass."
        ),
        "integrated_gradients": Entry(
            "explain.integrated_gradients:IntegratedGradients", "Gradients summed along the path from the baseline to the text."
        ),
        "deep_lift": Entry("explain.deep_lift:DeepLift", "DeepLIFT with rules that are exact for decoders, in two passes."),
        "attn_lrp": Entry("explain.attn_lrp:AttnLrp", "AttnLRP: relevance passed back through the layers, without a baseline."),
        "deep_lift_captum": Entry(
            "explain.deep_lift_captum:DeepLiftCaptum", "Captum's DeepLift, as in the paper; not complete on decoders."
        ),
        "feature_ablation": Entry(
            "explain.feature_ablation:FeatureAblation", "How much the value drops when a single word is removed."
        ),
        "lime": Entry("explain.lime:Lime", "A linear model of the value, fitted to texts with some words removed."),
        "kernel_shap": Entry("explain.kernel_shap:KernelShap", "Shapley values, estimated from sampled coalitions of words."),
        "kernel_shap_captum": Entry("explain.kernel_shap_captum:KernelShapCaptum", "Captum's KernelShap, as in the paper."),
        "shapley_value_sampling": Entry(
            "explain.shapley_value_sampling:ShapleyValueSampling", "Shapley values, estimated from sampled orders of the words."
        ),
        "shapley_values": Entry(
            "explain.shapley_values:ShapleyValues", "Exact Shapley values from all coalitions; for short texts only."
        ),
        "shapley_interactions": Entry(
            "explain.shapley_interactions:ShapleyInteractions", "The joint effect of each pair of words: Faith-SHAP of order 2."
        ),
        "counterfactual": Entry(
            "explain.counterfactual:Counterfactual",
            "The smallest set of words whose removal or replacement changes the model's answer.",
        ),
        "self_topk": Entry("explain.self_topk:SelfTopk", "The model names the most important keywords itself."),
        "self_exp": Entry("explain.self_exp:SelfExp", "The model writes a step-by-step explanation itself."),
        "random": Entry("explain.random_words:RandomWords", "Random keywords, as a control."),
    },
    "selection": {
        "success": Entry("methods.qualifying:Success", "Questions that the model answers correctly."),
        "error": Entry("methods.qualifying:Error", "Questions that the model answers with a wrong label."),
        "random": Entry("methods.qualifying:Random", "Any questions; the model is not asked."),
    },
    "competitor": {
        "io": Entry("methods.io:InputOutput", "Questions and answers as shots, without rationales."),
        "auto_cot": Entry("methods.auto_cot:AutoCot", "Auto-CoT: the model's own zero-shot chains of thought as rationales."),
        "auto_cot_clustered": Entry(
            "methods.clustered:ClusteredAutoCot", "Auto-CoT with a sample of its own, one question per cluster (extra autocot)."
        ),
        "amplify_proxy": Entry(
            "methods.amplify_proxy:AmplifyProxy",
            "AMPLIFY: a fine-tuned encoder chooses the shots and their keywords (extra amplify).",
        ),
        "zero_shot": Entry("methods.zero_shot:ZeroShot", "Only the instruction and the question."),
        "zero_shot_cot": Entry(
            "methods.zero_shot:ZeroShotCot", 'No shots; every reply starts with "Let\'s think step by step."'
        ),
    },
    "preset": {
        "table1": Entry("runs.plan:PRESETS", "The paper's Table 1: six methods, with shots by success and by error."),
        "table2": Entry("runs.plan:PRESETS", "The paper's Table 2: keywords compared with random ones, six contexts each."),
        "table3": Entry("runs.plan:PRESETS", "The paper's Table 3: four and six keywords."),
        "figure4": Entry("runs.plan:PRESETS", "The paper's Figure 4: the responses of all methods side by side."),
    },
    "profile": {
        "default": Entry("prompting.profiles:DEFAULT", "The wording of this package, and greedy decoding."),
        "paper": Entry(
            "prompting.profiles:PAPER", "The wording and decoding of the paper's appendix; the model reads the answers itself."
        ),
        "paper-no-ban": Entry(
            "prompting.profiles:PAPER_NO_BAN", "The paper's profile without its ban on repeated pairs of words."
        ),
    },
    "tracker": {
        "mlflow": Entry("tracking.mlflow:MLflow", "MLflow, at MLFLOW_TRACKING_URI or its own default."),
        "wandb": Entry("tracking.wandb:WandB", "Weights & Biases; WANDB_MODE=offline keeps runs on this machine."),
        "trackio": Entry("tracking.trackio:Trackio", "Trackio's database on this machine."),
    },
    "exporter": {
        "openai": Entry(
            "export.openai:OpenAI", "OpenAI chat messages, and a program that asks questions with them; needs only httpx."
        ),
        "lm_eval": Entry("export.lm_eval:LmEval", "A task of lm-evaluation-harness, with the test questions."),
        "inspect": Entry("export.inspect:Inspect", "A task of Inspect, with the test questions."),
        "dspy": Entry("export.dspy:DSPy", "A DSPy module with an adapter that sends exactly the prompt's turns."),
        "promptfoo": Entry("export.promptfoo:Promptfoo", "A promptfoo configuration, with the test questions."),
        "ollama": Entry("export.ollama:Ollama", "Ollama's Modelfile, with the shots as its messages."),
        "text": Entry(
            "export.text:Text", "The text of a local model's own chat template, and a program that asks questions with it."
        ),
        "card": Entry("export.card:Card", "A data set with a card, ready for the Hugging Face hub."),
        "mlflow": Entry("export.mlflow:MLflowPrompt", "A program that registers the prompt in MLflow's prompt registry."),
        "langfuse": Entry("export.langfuse:Langfuse", "The request that creates a chat prompt in Langfuse."),
    },
}


def registered(kind: Kind) -> dict[str, str]:
    """Every name of a kind, and the distribution that it comes from: this package or another one."""
    own = dict.fromkeys(NAMES[kind], "selfamplify")
    others = {point.name: point.dist.name if point.dist else "?" for point in entry_points(group=f"selfamplify.{kind}s")}
    return own | others | own


def find(kind: Kind, name: str) -> Any:
    """The object that a name stands for; this package's names take precedence over those of plug-ins.

    Raises
    ------
    SettingsError
        If the name is unknown, or names a plug-in that can't be imported.
    """
    if not isinstance(name, str):
        raise unknown_name(kind, name, registered(kind))
    if name in NAMES[kind]:
        module, _, attribute = NAMES[kind][name].place.partition(":")
        found = getattr(import_module(f"{__package__}.{module}"), attribute)
        return found[name] if isinstance(found, dict) else found
    for point in entry_points(group=f"selfamplify.{kind}s", name=name):
        try:
            return point.load()
        except (Exception, SystemExit) as error:  # a plug-in may raise anything, and may end the program
            raise SettingsError(
                f"The {kind} '{name}' ({point.value}) can't be imported: {said(error)}; fix or uninstall it."
            ) from error
    raise unknown_name(kind, name, registered(kind))


def instance(kind: Kind, name: str, base: type[Kept]) -> Kept:
    """The object of a base class that a name stands for; a class is called without arguments.

    Raises SettingsError if the name is unknown, or a plug-in has something else, or something that can't be made.
    """
    found = find(kind, name)
    if isinstance(found, type) and issubclass(found, base):
        try:
            found = found()
        except (Exception, SystemExit) as error:  # a plug-in may raise anything
            raise SettingsError(f"The {kind} {name!r} can't be made: {said(error)}; fix or uninstall it.") from error
    if not isinstance(found, base):
        raise SettingsError(
            f"The {kind} {name!r} is not an {base.__name__}, but of the type {type(found).__name__}; fix or uninstall it."
        )
    return found


def said(error: BaseException) -> str:
    """What a plug-in's error says, on one line."""
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({'' if error.code is None else repr(error.code)})"
    return " ".join(str(error).split()) or type(error).__name__


def unknown_name(kind: str, name: object, known: Iterable[str]) -> SettingsError:
    """The error for an unknown name: it suggests the most similar name, or lists all of them."""
    known = sorted(known)
    near = get_close_matches(name, known, n=1) if isinstance(name, str) else []
    remedy = f"did you mean '{near[0]}'?" if near else f"use one of: {', '.join(known)}."
    return SettingsError(f"There is no {kind} named {name!r}; {remedy}")


def catalogue() -> dict[str, dict[str, str]]:
    """All names that a user can choose.

    Returns
    -------
    dict
        For each kind (``"tasks"``, ``"explainers"``, …), its names with their summaries. The summary of a plug-in names the
        distribution that adds it.
    """
    return {
        f"{kind}s": {name: own[name].summary if name in own else f"from {origin}" for name, origin in registered(kind).items()}
        for kind, own in NAMES.items()
    }
