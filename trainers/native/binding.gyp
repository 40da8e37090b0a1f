{
  "includes": ["../../runtime/native/addon.gypi"],
  "target_defaults": {
    "sources": ["addon.cc", "trainingSegment.cc", "kernelBench.cc", "sharedRows.cc"],
    "include_dirs": ["../../runtime/native", "<!@(node -p \"require('node-addon-api').include_dir\")"]
  },
  "targets": [
    {"target_name": "weft_trainer_<(base_set)"},
    # In double precision, for tests of gradients.
    {
      "target_name": "weft_trainer_exact",
      "defines": ["WEFT_EXACT"],
      "sources!": ["kernelBench.cc"],
      "conditions": [["target_arch=='x64'", {"cflags_cc": ["<@(avx2_flags)"]}]]
    }
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {"target_name": "weft_trainer_avx2", "cflags_cc": ["<@(avx2_flags)"]},
        {"target_name": "weft_trainer_avx512", "cflags_cc": ["<@(avx512_flags)"]}
      ]
    }]
  ]
}
