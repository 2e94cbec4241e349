"""What amqtt asks us: may this session stay, may it use this topic. Named in its configuration."""

from dataclasses import dataclass, field
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session
from typing_extensions import override

from parkguard.broker_rules import Grants, build_rules


class FrontDoorAuth(BaseAuthPlugin):
    """Takes a session that came through the front door, which proved its user.

    amqtt itself wipes an old session *before* it checks the password, so the check has to stand
    in front of it (``broker_front``).
    """

    @override
    async def authenticate(self, *, session: Session) -> bool:
        """Whether client id and user are the same, as the front door makes them."""
        return session.username is not None and session.username == session.client_id


class TopicRules(BaseTopicPlugin):
    """The same grants as mosquitto's ACL file."""

    @dataclass
    class Config:
        """What amqtt's configuration says about this plug-in.

        Attributes:
            root: First levels of every topic.
            foreign: Topic filters of foreign adapters by their users.
        """

        root: str = "pg/v1"
        foreign: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __init__(self, context: Any) -> None:  # noqa: ANN401 - amqtt's untyped context
        super().__init__(context)
        self._grants = Grants(build_rules(self.config.root, self.config.foreign))

    @override
    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        """Whether the session may publish to, subscribe to, or receive from the topic."""
        if session is None or topic is None or session.username is None:
            return False
        if action == Action.PUBLISH:
            return self._grants.may_publish(session.username, topic)
        return self._grants.may_read(session.username, topic)


class FairBroker(Broker):
    """amqtt without one leak.

    On every connect amqtt 0.12.1 sends the new client the retained messages of *all* filters
    anybody subscribed to; here it gets those of its own filters only.
    """

    @override
    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Send retained messages, if the session itself has this filter."""
        holders = self._subscriptions.get(subscription[0], ())
        if any(holder.client_id == session.client_id for holder, _ in holders):
            await super()._publish_retained_messages_for_subscription(subscription, session)
