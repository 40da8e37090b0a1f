{
  # The decoder with AddressSanitizer and UndefinedBehaviorSanitizer, for its tests and for fuzzing: portable, and with the
  # instruction sets whose kernels differ. The addons go where the loader looks for builds (WEFT_ISA=sanitized and so on).
  "includes": ["../../runtime/native/addon.gypi"],
  "target_defaults": {
    "sources": ["decoder.cc"],
    "include_dirs": ["../../runtime/native", "<!@(node -p \"require('node-addon-api').include_dir\")"],
    "product_dir": "<(module_root_dir)/../../runtime/native/build/Release",
    "defines": ["_GLIBCXX_ASSERTIONS"],
    "cflags_cc!": ["-O3"],
    "cflags_cc": ["-O1", "-g1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "ldflags": ["-fsanitize=address,undefined"]
  },
  "targets": [{"target_name": "weft_runtime_sanitized"}],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {"target_name": "weft_runtime_sanitized_avx2", "cflags_cc": ["<@(avx2_flags)"]},
        {"target_name": "weft_runtime_sanitized_avx512", "cflags_cc": ["<@(avx512_flags)"]}
      ]
    }]
  ]
}
