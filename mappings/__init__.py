"""What the controls mean in SOC 2 and HIPAA: three YAML files, read by `collector.mapping`.

`controls.yaml` names the shared controls, one of which every check names. `soc2.yaml` and
`hipaa.yaml` hold each framework's catalog, the links from control to criterion or citation, and a
reason for everything that is not linked. They are written for a compliance lead to read and edit;
nothing in them is code. `attestations.yaml` has the kinds of manual evidence, read by
`collector.attestation.kinds`; it tags no result, and is not part of the mappings' digest.
`README.md` is generated: the coverage that follows from them.
"""
