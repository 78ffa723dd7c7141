"""Categories of content in transparency reports under the Digital Services Act of the EU.

Names and order are those of the templates in Annex I of Commission Implementing Regulation (EU) 2024/2835. The seven
reasons that every site begins with have their categories here; a report takes those of a publication's own reasons.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from core.policy import Ground

TOTAL: Final = "TOTAL"
OTHER: Final = "KEYWORD_OTHER"
"""The sub-category of what no other one captures: a report describes it."""
STATEMENT: Final = "STATEMENT_CATEGORY_"
KEYWORD: Final = "KEYWORD_"


class Category(NamedTuple):
    """A category with its sub-categories, each as code and words. Those that no authority named have none."""

    code: str
    words: str
    keywords: tuple[tuple[str, str], ...]


class Sort(NamedTuple):
    """A category and one of its sub-categories, with a description if that is `OTHER`."""

    category: str
    keyword: str | None
    description: str = ""


def _category(code: str, words: str, *keywords: tuple[str, str]) -> Category:
    every = tuple((f"{KEYWORD}{keyword}", said) for keyword, said in keywords)
    return Category(f"{STATEMENT}{code}", words, (*every, (OTHER, _NO_OTHER)) if every else ())


_NO_OTHER: Final = "Not captured by any other sub-category"

CATEGORIES: Final = (
    _category(
        "ANIMAL_WELFARE",
        "Animal welfare",
        ("ANIMAL_HARM", "Animal harm"),
        ("UNLAWFUL_SALE_ANIMALS", "Unlawful sale of animals"),
    ),
    _category(
        "CONSUMER_INFORMATION",
        "Consumer information infringements",
        ("HIDDEN_ADVERTISEMENT", "Hidden advertisement or commercial communication, including by influencers"),
        ("INSUFFICIENT_INFORMATION_ON_TRADERS", "Insufficient information on traders"),
        (
            "MISLEADING_INFO_GOODS_SERVICES",
            "Misleading information about the characteristics of the goods and services",
        ),
        ("MISLEADING_INFO_CONSUMER_RIGHTS", "Misleading information about the consumer\u2019s rights"),
        ("NONCOMPLIANCE_PRICING", "Non-compliance with pricing regulations"),
    ),
    _category(
        "CYBER_VIOLENCE",
        "Cyber violence",
        ("CYBER_BULLYING_INTIMIDATION", "Cyber bullying and intimidation"),
        ("CYBER_HARASSMENT", "Cyber harassment"),
        ("CYBER_INCITEMENT", "Cyber incitement to hatred or violence"),
        ("CYBER_STALKING", "Cyber stalking"),
        (
            "NON_CONSENSUAL_IMAGE_SHARING",
            (
                "Non-consensual (intimate) material sharing, including "
                "(image-based) sexual abuse (excluding content depicting "
                "minors)"
            ),
        ),
        (
            "NON_CONSENSUAL_MATERIAL_DEEPFAKE",
            (
                "Non-consensual sharing of material containing deepfake or "
                "similar technology using a third party's features (excluding "
                "content depicting minors)"
            ),
        ),
    ),
    _category(
        "CYBER_VIOLENCE_AGAINST_WOMEN",
        "Cyber violence against women",
        ("BULLYING_AGAINST_GIRLS", "Cyber bullying and intimidation against girls"),
        ("CYBER_HARASSMENT_AGAINST_WOMEN", "Cyber harassment against women"),
        ("CYBER_STALKING_AGAINST_WOMEN", "Cyber stalking against women"),
        ("FEMALE_GENDERED_DISINFORMATION", "Gendered disinformation"),
        ("INCITEMENT_AGAINST_WOMEN", "Illegal incitement to violence and hatred against women"),
        (
            "NON_CONSENSUAL_IMAGE_SHARING_AGAINST_WOMEN",
            (
                "Non-consensual (intimate) material sharing against women, "
                "including (image-based) sexual abuse against women "
                "(excluding content depicting minors)"
            ),
        ),
        (
            "NON_CONSENSUAL_MATERIAL_DEEPFAKE_AGAINST_WOMEN",
            (
                "Non-consensual sharing of material containing deepfake or "
                "similar technology using a third party's features against "
                "women (excluding content depicting minors)"
            ),
        ),
    ),
    _category(
        "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "Data protection and privacy violations",
        ("BIOMETRIC_DATA_BREACH", "Biometric data breach"),
        ("DATA_FALSIFICATION", "Data falsification"),
        ("MISSING_PROCESSING_GROUND", "Missing processing ground for data"),
        ("RIGHT_TO_BE_FORGOTTEN", "Right to be forgotten"),
    ),
    _category(
        "ILLEGAL_OR_HARMFUL_SPEECH",
        "Illegal or harmful speech",
        ("DEFAMATION", "Defamation"),
        ("DISCRIMINATION", "Discrimination"),
        ("HATE_SPEECH", "Illegal incitement to violence and hatred based on protected characteristics (hate speech)"),
    ),
    _category(
        "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "Intellectual property infringements",
        ("COPYRIGHT_INFRINGEMENT", "Copyright infringements"),
        ("DESIGN_INFRINGEMENT", "Design infringements"),
        ("GEOGRAPHIC_INDICATIONS_INFRINGEMENT", "Geographical indications infringements"),
        ("PATENT_INFRINGEMENT", "Patent infringements"),
        ("TRADE_SECRET_INFRINGEMENT", "Trade secret infringements"),
        ("TRADEMARK_INFRINGEMENT", "Trademark infringements"),
    ),
    _category(
        "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
        "Negative effects on civic discourse or elections",
        (
            "MISINFORMATION_DISINFORMATION",
            "Misinformation, disinformation, foreign information manipulation and interference",
        ),
        ("VIOLATION_EU_LAW", "Violation of EU law relevant to civic discourse or elections"),
        ("VIOLATION_NATIONAL_LAW", "Violation of national law relevant to civic discourse or elections"),
    ),
    _category(
        "PROTECTION_OF_MINORS",
        "Protection of minors",
        ("AGE_SPECIFIC_RESTRICTIONS_MINORS", "Age-specific restrictions concerning minors"),
        ("CHILD_SEXUAL_ABUSE_MATERIAL", "Child sexual abuse material"),
        (
            "CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE",
            "Child sexual abuse material containing deepfake or similar technology",
        ),
        ("GROOMING_SEXUAL_ENTICEMENT_MINORS", "Grooming/sexual enticement of minors"),
        ("UNSAFE_CHALLENGES", "Unsafe challenges"),
    ),
    _category(
        "RISK_FOR_PUBLIC_SECURITY",
        "Risk for public security",
        ("ILLEGAL_ORGANIZATIONS", "Illegal organizations"),
        ("RISK_ENVIRONMENTAL_DAMAGE", "Risk for environmental damage"),
        ("RISK_PUBLIC_HEALTH", "Risk for public health"),
        ("TERRORIST_CONTENT", "Terrorist content"),
    ),
    _category(
        "SCAMS_AND_FRAUD",
        "Scams and/or fraud",
        ("IMPERSONATION_ACCOUNT_HIJACKING", "Impersonation or account hijacking"),
        ("INAUTHENTIC_ACCOUNTS", "Inauthentic accounts"),
        ("INAUTHENTIC_LISTINGS", "Inauthentic listings"),
        ("INAUTHENTIC_USER_REVIEWS", "Inauthentic user reviews"),
        ("PHISHING", "Phishing"),
        ("PYRAMID_SCHEMES", "Pyramid schemes"),
    ),
    _category(
        "SELF_HARM",
        "Self-harm",
        ("CONTENT_PROMOTING_EATING_DISORDERS", "Content promoting eating disorders"),
        ("SELF_MUTILATION", "Self-mutilation"),
        ("SUICIDE", "Suicide"),
    ),
    _category(
        "UNSAFE_AND_PROHIBITED_PRODUCTS",
        "Unsafe, non-compliant or prohibited products",
        ("PROHIBITED_PRODUCTS", "Prohibited or restricted products"),
        ("UNSAFE_PRODUCTS", "Unsafe or non-compliant products"),
    ),
    _category(
        "VIOLENCE",
        "Violence",
        ("COORDINATED_HARM", "Coordinated harm"),
        ("INCITEMENT_VIOLENCE_HATRED", "General calls or incitement to violence and/or hatred"),
        ("HUMAN_EXPLOITATION", "Human exploitation"),
        ("HUMAN_TRAFFICKING", "Human trafficking"),
        ("TRAFFICKING_WOMEN_GIRLS", "Trafficking in women and girls"),
    ),
    _category(
        "OTHER_VIOLATION_TC",
        "Other violation of provider\u2019s terms and conditions",
        ("ADULT_SEXUAL_MATERIAL", "Adult sexual material"),
        ("AGE_SPECIFIC_RESTRICTIONS", "Age-specific restrictions"),
        ("GEOGRAPHICAL_REQUIREMENTS", "Geographical requirements"),
        ("GOODS_SERVICES_NOT_PERMITTED", "Goods/services not permitted to be offered on the platform"),
        ("LANGUAGE_REQUIREMENTS", "Language requirements"),
        ("NUDITY", "Nudity"),
    ),
    _category(
        "NOT_SPECIFIED_ORDER",
        "Type of illegal content not specified by the public authority",
    ),
    _category(
        "NOT_SPECIFIED_NOTICE",
        "Type of alleged illegal content not specified by the notifier",
    ),
)
"""Every category, in the order of the templates."""

OTHER_TERMS: Final = f"{STATEMENT}OTHER_VIOLATION_TC"
"""The category of what only the publication's own terms forbid."""
NOT_SPECIFIED_ORDER: Final = f"{STATEMENT}NOT_SPECIFIED_ORDER"
NOT_SPECIFIED: Final = f"{STATEMENT}NOT_SPECIFIED_NOTICE"
"""The category of notices of which it is not known what they allege."""
_SPEECH: Final = f"{STATEMENT}ILLEGAL_OR_HARMFUL_SPEECH"

OF_REASONS: Final[Mapping[str, Sort]] = {
    "spam": Sort(OTHER_TERMS, OTHER, "spam"),
    "off-topic": Sort(OTHER_TERMS, OTHER, "off-topic"),
    "insult": Sort(_SPEECH, OTHER, "insult"),
    "deception": Sort(f"{STATEMENT}SCAMS_AND_FRAUD", OTHER, "deception"),
    "hatred": Sort(_SPEECH, f"{KEYWORD}HATE_SPEECH"),
    "private-data": Sort(f"{STATEMENT}DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", OTHER, "private-data"),
    "unlawful": Sort(_SPEECH, OTHER, "unlawful"),
}
"""The categories of the reasons that every site begins with."""


def of_part(*left_out: str) -> tuple[Category, ...]:
    """The categories of one part of the template: all but these."""
    return tuple(one for one in CATEGORIES if one.code not in left_out)


def sort_of(code: str | None, ground: Ground | str | None, rule: str | None, own: Mapping[str, Sort]) -> Sort:
    """The category of a decision by its reason, else by its rule. `own` has those of a publication's own reasons."""
    named = None if code is None else own.get(code) or OF_REASONS.get(code)
    category = _SPEECH if ground == "law" else OTHER_TERMS
    if named is None:
        return Sort(category, OTHER, code or (f"rule {rule}" if rule else "no reason named"))
    if ground == "law" and named.category == OTHER_TERMS:
        return Sort(category, OTHER, named.description or code or "")
    return named


def parse(text: str, code: str) -> Sort:
    """The category that a publication gives its reason `code`: `CATEGORY` or `CATEGORY/KEYWORD`, as in the templates.

    The prefixes `STATEMENT_CATEGORY_` and `KEYWORD_` may be left out. Raises ValueError.
    """
    first, _, second = text.partition("/")
    wanted = STATEMENT + first.removeprefix(STATEMENT)
    found = next((one for one in CATEGORIES if one.code == wanted and one.keywords), None)
    if found is None:
        raise ValueError(f"there is no category {first}")
    keyword = KEYWORD + (second or OTHER).removeprefix(KEYWORD)
    if keyword not in dict(found.keywords):
        raise ValueError(f"the category {first} has no sub-category {second}")
    return Sort(found.code, keyword, code if keyword == OTHER else "")
