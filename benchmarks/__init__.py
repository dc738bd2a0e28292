"""The same circuits here, in gnark and in circom: build time, witness time, constraints and memory, in one run."""
