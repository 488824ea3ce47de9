"""The stream: the job that drains and follows, and the sensor that plans it."""
