"""The risk engine: Greeks, forecasts, latency and scenarios, made into one risk table."""
