"""What a member is worth: observed against controls, forecast per member, retained by cohort.

Three different answers that are never mixed. `observed` is the causal one (the same two control groups as every study);
`bg_nbd` and `gamma_gamma` forecast each member and have to beat a naive forecast on months they have not seen;
`retention` shows what really happened, cohort by cohort, and stops at the longest age that was observed.
"""
