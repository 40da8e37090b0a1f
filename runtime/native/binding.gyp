{
  "includes": ["addon.gypi"],
  "target_defaults": {
    "sources": ["addon.cc", "decoderEngine.cc", "rowTeam.cc"],
    "include_dirs": ["<!@(node -p \"require('node-addon-api').include_dir\")"]
  },
  "targets": [{"target_name": "weft_runtime_<(base_set)"}],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {"target_name": "weft_runtime_avx2", "cflags_cc": ["<@(avx2_flags)"]},
        {"target_name": "weft_runtime_avx512", "cflags_cc": ["<@(avx512_flags)"]}
      ]
    }]
  ]
}
