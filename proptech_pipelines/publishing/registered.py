"""The outboxes of this platform."""

from proptech_pipelines.kafka.producer import RegistrySerializer
from proptech_pipelines.publishing.dead_letter_topics import dead_letters_outbox
from proptech_pipelines.publishing.enriched_properties import enriched_properties_outbox
from proptech_pipelines.publishing.market_alerts import market_alerts_outbox
from proptech_pipelines.publishing.outbox import Outbox
from proptech_pipelines.publishing.personalized_recommendations import personalized_recommendations_outbox
from proptech_pipelines.publishing.processed_properties import processed_properties_outbox
from proptech_pipelines.publishing.property_analytics import property_analytics_outbox
from proptech_pipelines.publishing.property_processing_dlq import property_processing_dlq_outbox
from proptech_pipelines.settings import Settings


def outboxes(settings: Settings) -> tuple[Outbox, ...]:
    """All outboxes, one for each output topic that has a source, and one for the dead-letter topics."""
    prefix = RegistrySerializer(settings).prefix
    return (
        market_alerts_outbox(prefix),
        enriched_properties_outbox(prefix),
        property_analytics_outbox(prefix),
        personalized_recommendations_outbox(prefix),
        processed_properties_outbox(prefix),
        property_processing_dlq_outbox(),
        dead_letters_outbox(),
    )
