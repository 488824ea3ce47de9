"""The outboxes of this platform."""

from proptech_pipelines.kafka.producer import RegistrySerializer
from proptech_pipelines.publishing.dead_letter_topics import dead_letters_outbox
from proptech_pipelines.publishing.enriched_properties import TOPIC as ENRICHED_PROPERTIES
from proptech_pipelines.publishing.enriched_properties import enriched_properties_outbox
from proptech_pipelines.publishing.market_alerts import TOPIC as MARKET_ALERTS
from proptech_pipelines.publishing.market_alerts import market_alerts_outbox
from proptech_pipelines.publishing.outbox import Outbox
from proptech_pipelines.publishing.personalized_recommendations import TOPIC as PERSONALIZED_RECOMMENDATIONS
from proptech_pipelines.publishing.personalized_recommendations import personalized_recommendations_outbox
from proptech_pipelines.publishing.processed_properties import TOPIC as PROCESSED_PROPERTIES
from proptech_pipelines.publishing.processed_properties import processed_properties_outbox
from proptech_pipelines.publishing.property_analytics import TOPIC as PROPERTY_ANALYTICS
from proptech_pipelines.publishing.property_analytics import property_analytics_outbox
from proptech_pipelines.publishing.property_processing_dlq import property_processing_dlq_outbox
from proptech_pipelines.settings import Settings


def outboxes(settings: Settings) -> tuple[Outbox, ...]:
    """All outboxes, one for each output topic that has a source, and one for the dead-letter topics."""
    serializer = RegistrySerializer(settings)
    return (
        market_alerts_outbox(lambda value: serializer(MARKET_ALERTS, value)),
        enriched_properties_outbox(lambda value: serializer(ENRICHED_PROPERTIES, value)),
        property_analytics_outbox(lambda value: serializer(PROPERTY_ANALYTICS, value)),
        personalized_recommendations_outbox(lambda value: serializer(PERSONALIZED_RECOMMENDATIONS, value)),
        processed_properties_outbox(lambda value: serializer(PROCESSED_PROPERTIES, value)),
        property_processing_dlq_outbox(),
        dead_letters_outbox(),
    )
