/** Which builds of the native addons the tests can run. */

import { type AddonName, loadAddon, nativeInstructionSets } from '../runtime/native/addonLoader.js';

/**
 * Instruction sets of this processor that an addon was built for; none, with a printed reason, where it was not built.
 * In CI the addons must be there. With `WEFT_ISA` it is that build alone, the sanitized ones among them (test/sanitized).
 */
export function builtInstructionSets(addon: AddonName): string[] {
  const forced = process.env.WEFT_ISA;
  try {
    if (!forced) return nativeInstructionSets(addon);
    loadAddon(addon, forced);
    return [forced];
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    console.info(`skipped: ${(error as Error).message} Its tests need a C++ compiler.`);
    return [];
  }
}

/** Whether films can be encoded here. */
export function canEncode(): boolean {
  return builtInstructionSets('trainers').length > 0;
}
