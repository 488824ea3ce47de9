"""Plans: what a change of models or schemas means, as an asset; the job that carries one out, the sensor that asks."""
