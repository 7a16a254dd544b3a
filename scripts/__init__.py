"""The `baoda` command, and the programs that build, train and measure."""
