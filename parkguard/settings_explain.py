"""Settings of explanations over HTTP (docs/explain.md)."""

from pydantic import BaseModel, ConfigDict, Field


class ExplainSettings(BaseModel):
    """How much of the journal is run again to explain an alert, and how long that may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before_s: float = Field(
        900.0, gt=0, description="Shown from so long before an alert's onset, seconds; ours"
    )
    after_s: float = Field(
        900.0, gt=0, description="Shown until so long after its last step, seconds; ours"
    )
    longest_s: float = Field(7200.0, gt=0, description="Shown at most, seconds; as `--for`")
    warm_up_s: float = Field(
        3600.0,
        ge=0,
        description="Run from so long before that, to learn anchor and noise, seconds; ours: 90 "
        "minutes of a city are looked through in 5 s of CPU",
    )
    neighbours_max: int = Field(
        500, ge=0, description="Devices of the vehicle's area that are run with it as witnesses"
    )
    points_max: int = Field(
        600, ge=50, description="Fixes in an answer; more than a picture can show. Extremes stay"
    )
    deadline_s: float = Field(
        45.0, gt=0, description="A run that takes longer is given up, seconds: people wait for it"
    )
