"""Single price changes, sent as a producer would."""

import time

from confluent_kafka import Producer

from proptech_pipelines.kafka.client import client_config

TOPIC = "property-price-changes"


def price_change(name, new):
    return {
        "propertyId": name,
        "zipCode": "78701",
        "stateCode": "TX",
        "oldPrice": 100,
        "newPrice": new,
        "changedAt": int(time.time() * 1000),
    }


def send(settings, value, headers=None, key=b"home"):
    producer = Producer(client_config(settings))
    producer.produce(TOPIC, value, key, 0, headers=headers)
    assert producer.flush(30) == 0
