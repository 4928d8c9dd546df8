# placeholder until figures exist
rule report:
    input:
        at(paths.SUMMARY),
    output:
        touch(at(paths.REPORT)),
