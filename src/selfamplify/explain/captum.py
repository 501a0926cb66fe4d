"""Captum, an optional dependency, which is imported only when one of the two explainers that need it runs."""

from types import ModuleType

from ..errors import SettingsError


def captum_attr(explainer: str, instead: str) -> ModuleType:
    """Return the module ``captum.attr``; raise SettingsError if Captum or scikit-learn is not installed."""
    try:
        import captum.attr
        import sklearn.linear_model  # noqa: F401 - Captum's KernelShap imports it late
    except ImportError as error:
        raise SettingsError(
            f"{explainer} needs Captum and scikit-learn ({error}); install them with `pip install captum scikit-learn`, "
            f'or use `explainer="{instead}"`.'
        ) from error
    return captum.attr
